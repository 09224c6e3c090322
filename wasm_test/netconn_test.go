package wasmtest

import (
	"slices"
	"strings"
)

// netConnTests are the tests of TestNetConn: those of nettest.TestConn, and
// what is different in a page. The native build's are package wsnet's.
var netConnTests = []string{
	"nettest/BasicIO", "nettest/PingPong", "nettest/RacyRead", "nettest/RacyWrite", "nettest/ReadTimeout", "nettest/WriteTimeout",
	"nettest/PastTimeout", "nettest/PresentTimeout", "nettest/FutureTimeout", "nettest/CloseTimeout", "nettest/ConcurrentMethods",
	"addresses", "ends", "other_type", "half-close", "text",
}

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

// netConnTests are the tests of TestNetConn that the home runs.
func (h home) netConnTests() []string {
	return slices.DeleteFunc(slices.Clone(netConnTests), func(name string) bool {
		test, _, _ := strings.Cut(name, "/")
		return h.leftOut(test) != ""
	})
}
