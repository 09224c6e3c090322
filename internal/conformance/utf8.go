package conformance

import "fmt"

// utf8Cases is about the UTF-8 of text messages.
func utf8Cases() []Case {
	var all []Case
	for _, s := range validText() {
		all = append(all, validCases(s)...)
	}
	for _, s := range invalidText() {
		all = append(all, invalidCases(s)...)
	}
	for _, s := range strayBytes() {
		f := Frame{Fin: true, Op: OpText, Payload: []byte(around(s.text))}
		all = append(all, fails(1007, "8.1", "invalid/"+s.name+"/at-once", notUTF8, send(f)))
	}
	for _, s := range brokenOff() {
		f := Frame{Fin: true, Op: OpText, Payload: []byte("end: " + s.text)}
		all = append(all,
			fails(1007, "8.1", "broken-off/"+s.name+"/at-once", brokenText, send(f)),
			fails(1007, "8.1", "broken-off/"+s.name+"/octets", brokenText, send(f).chop(Octets)),
			fails(1007, "8.1", "broken-off/"+s.name+"/fragments", brokenText, send(f.fragments(1)...)),
			fails(1007, "8.1", "broken-off/"+s.name+"/empty-end", brokenText, send(f.more(), rest(""))))
	}
	all = append(all,
		well("5.6", "binary-is-no-text", "the payload of a binary message is arbitrary", send(binaryOf(everyByte(256))).echoed()),
		well("5.6", "binary-fragments-are-no-text", "the payload of a binary message is arbitrary",
			send(binaryOf(everyByte(256)).fragments(1)...).want(binaryOf(everyByte(256)))),
		well("8.1", "state-ends-with-message", "each message is text of its own",
			send(text("世"), binaryOf("\xE4"), text("界"), text("")).echoed()),
		fails(1007, "8.1", "no-character-over-two-messages", brokenText, send(text("\xE4\xB8"), text("\x96"))))
	return of(UTF8, all...)
}

const (
	isUTF8     = "text that is UTF-8 is delivered, wherever fragments and segments cut it"
	notUTF8    = "a text message that is not UTF-8 fails the connection"
	notLater   = "text that cannot become UTF-8 fails the connection at its first bad byte, not at the message's end"
	brokenText = "a text message does not end inside a character"
)

// around puts s between good text.
func around(s string) string { return "ok κόσμε " + s + " end" }

// validCases sends s whole, in one frame per byte, in one write per byte, and
// cut once at every place.
func validCases(s sample) []Case {
	whole := text(s.text)
	var cuts []Step
	for i := range len(s.text) + 1 {
		cuts = append(cuts, send(text(s.text[:i]).more(), rest(s.text[i:])).want(whole))
	}
	name := "valid/" + s.name
	return []Case{
		well("8.1", name+"/at-once", isUTF8, send(whole).echoed()),
		well("8.1", name+"/fragments", isUTF8, send(whole.fragments(1)...).want(whole)),
		well("8.1", name+"/octets", isUTF8, send(whole).chop(Octets).echoed()),
		well("8.1", name+"/fragments-in-octets", isUTF8, send(whole.fragments(1)...).chop(Octets).want(whole)),
		well("8.1", name+"/cut-everywhere", isUTF8, cuts...),
		well("8.1", name+"/within", isUTF8, send(text(around(s.text))).echoed()),
	}
}

// invalidCases sends s amid good text in many ways. To fail fast, its first bad
// byte is the last one to be sent, though frame and message go on.
func invalidCases(s sample) []Case {
	payload := around(s.text)
	whole := text(payload)
	bad := firstBad([]byte(payload))
	held := len(payload) - bad
	good, worse := text(payload[:bad]).more(), rest(payload[bad:bad+1]).more()
	name := "invalid/" + s.name
	return []Case{
		fails(1007, "8.1", name+"/at-once", notUTF8, send(whole)),
		fails(1007, "8.1", name+"/fragments", notUTF8, send(whole.fragments(1)...)),
		fails(1007, "8.1", name+"/octets", notUTF8, send(whole).chop(Octets)),
		fails(1007, "8.1", name+"/fail-fast-in-frame", notLater, send(whole).hold(held), resume(1)),
		fails(1007, "8.1", name+"/fail-fast-in-octets", notLater, send(whole).hold(held-1).chop(Octets)),
		fails(1007, "8.1", name+"/fail-fast-in-message", notLater, send(good, ping("still well")).want(pong("still well")), send(worse)),
		fails(1007, "8.1", name+"/fail-fast-last-fragment", notLater,
			send(good, rest(payload[bad:])).hold(held), resume(1)),
		fails(1007, "8.1", name+"/after-message", notUTF8, send(text("good"), whole, text("late")).want(text("good"))),
	}
}

// firstBad returns the index of the first byte of p after which no UTF-8 can
// follow, len(p) when there is none. It goes by the rows of RFC 3629 section 4.
func firstBad(p []byte) int {
	for i := 0; i < len(p); {
		n, whole := longestMatch(p[i:])
		if i += n; !whole {
			return i
		}
	}
	return len(p)
}

// span is a range of bytes.
type span struct{ lo, hi byte }

var tail = span{0x80, 0xBF}

// rows is the grammar of UTF-8: RFC 3629 section 4.
var rows = [][]span{
	{{0x00, 0x7F}},
	{{0xC2, 0xDF}, tail},
	{{0xE0, 0xE0}, {0xA0, 0xBF}, tail},
	{{0xE1, 0xEC}, tail, tail},
	{{0xED, 0xED}, {0x80, 0x9F}, tail},
	{{0xEE, 0xEF}, tail, tail},
	{{0xF0, 0xF0}, {0x90, 0xBF}, tail, tail},
	{{0xF1, 0xF3}, tail, tail, tail},
	{{0xF4, 0xF4}, {0x80, 0x8F}, tail, tail},
}

// longestMatch returns how many bytes at the start of p fit a row, and whether
// they fill it.
func longestMatch(p []byte) (n int, whole bool) {
	for _, row := range rows {
		k := 0
		for k < len(row) && k < len(p) && p[k] >= row[k].lo && p[k] <= row[k].hi {
			k++
		}
		if k == len(row) {
			return k, true
		}
		n = max(n, k)
	}
	return n, false
}

// sample is a text with a name for its case.
type sample struct{ name, text string }

// hexSamples names texts by their bytes.
func hexSamples(group string, texts ...string) []sample {
	var all []sample
	for _, s := range texts {
		all = append(all, sample{fmt.Sprintf("%s/%X", group, s), s})
	}
	return all
}
