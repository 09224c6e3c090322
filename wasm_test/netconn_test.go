package wasmtest

// leftOut says why a home does not run a test of TestNetConn, "" if it does.
func (h home) leftOut(test string) string {
	switch {
	case test == "half-close" && h.differs.EmptyBinary:
		return "an empty message, which is the end of data, makes the DOM library throw an exception that cannot be caught"
	case test == "nettest" && h.name == "happy-dom":
		return "nettest writes without end until it has read, and Write never waits here: the event loop would never run"
	}
	return ""
}
