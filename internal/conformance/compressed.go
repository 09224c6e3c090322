package conformance

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
)

// zipped is a message whose payload the case compressed by itself.
func zipped(op byte, payload []byte) Frame {
	return Frame{Fin: true, RSV: RSV1, Op: op, Payload: payload}
}

// unhex is the bytes that hexadecimal digits stand for.
func unhex(digits string) []byte {
	p, err := hex.DecodeString(strings.ReplaceAll(digits, " ", ""))
	if err != nil {
		panic(err) // the digits are constants
	}
	return p
}

// hello is "Hello" as section 7.2.3.1 has it, and helloAgain what refers to one
// before it (section 7.2.3.2).
var (
	hello      = unhex("f2 48 cd c9 c9 07 00")
	helloAgain = unhex("f2 00 11 00 00")
)

// form is a payload and the message it stands for.
type form struct {
	section, name string
	payload       []byte
	message       Frame
}

// forms are right.
func forms() []form {
	every := everyByte(256)
	run := strings.Repeat("r", 259)
	all := []form{
		{"7.2.3.1", "fixed-codes", hello, text("Hello")},
		{"7.2.3.3", "stored", unhex("00 05 00 fa ff 48 65 6c 6c 6f 00"), text("Hello")},
		{"7.2.3.4", "last-block", unhex("f3 48 cd c9 c9 07 00 00"), text("Hello")},
		{"7.2.3.5", "two-blocks", unhex("f2 48 05 00 00 00 ff ff ca c9 c9 07 00"), text("Hello")},
		{"7.2.3.6", "empty", unhex("00"), text("")},
		{"7.2.1", "stored/empty-before", new(blocks).flush().flush().fixed("Hello", false).finish(), text("Hello")},
		{"7.2.1", "stored/empty-between", new(blocks).fixed("Hel", false).flush().flush().fixed("lo", false).finish(), text("Hello")},
		{"7.2.1", "stored/empty-behind", new(blocks).fixed("Hello", false).flush().flush().finish(), text("Hello")},
		{"7.2.1", "stored/each-byte", storedBytes("stored"), text("stored")},
		{"7.2.1", "stored/65535", new(blocks).stored(message(OpBinary, 65535, 1).Payload, false).finish(), message(OpBinary, 65535, 1)},
		{"7.2.1", "stored/last", new(blocks).stored([]byte("Hello"), true).finish(), text("Hello")},
		{"7.2.1", "stored/all-empty", new(blocks).flush().flush().flush().finish(), binaryOf("")},
		{"7.2.1", "fixed/empty", new(blocks).fixed("", false).finish(), text("")},
		{"7.2.1", "fixed/many-empty", manyEmpty(100).fixed("Hello", false).finish(), text("Hello")},
		{"7.2.1", "fixed/every-literal", new(blocks).fixed(every, false).finish(), binaryOf(every)},
		{"7.2.1", "fixed/run", new(blocks).begin(fixedBlock, false).literals("r").match(258, 1).end().finish(), text(run)},
		{"7.2.1", "last/empty", new(blocks).fixed("", true).align().finish(), text("")},
		{"7.2.1", "last/then-more", new(blocks).fixed("Hel", true).align().fixed("lo", false).finish(), text("Hello")},
		{"7.2.1", "last/three", new(blocks).fixed("Hel", true).align().fixed("", true).align().fixed("lo", true).align().finish(), text("Hello")},
		{"7.2.1", "last/referred-to", new(blocks).fixed("Hello", true).align().begin(fixedBlock, false).match(5, 5).end().finish(), text("HelloHello")},
		{"7.2.1", "mixed", mixed(), text("stored fixed stored fixed!")},
	}
	for _, level := range []int{-2, 1, 5, 9} { // of compress/flate
		for k, kind := range bodies {
			m := body(k, 5000, 1)
			all = append(all, form{"7.2.1", fmt.Sprintf("library/%d/%s", level, kind.name), compressedBy(level, m.Payload), m})
		}
	}
	return append(all, everyLength(), everyDistance())
}

func storedBytes(s string) []byte {
	b := &blocks{}
	for i := range len(s) {
		b.stored([]byte(s[i:i+1]), false)
	}
	return b.finish()
}

func manyEmpty(n int) *blocks {
	b := &blocks{}
	for range n {
		b.fixed("", false)
	}
	return b
}

// mixed has blocks of all kinds, one of which refers to a stored one.
func mixed() []byte {
	b := new(blocks).stored([]byte("stored "), false).fixed("fixed ", false)
	return b.begin(fixedBlock, false).match(12, 13).end().fixed("!", true).align().finish()
}

// everyLength has matches of all lengths (RFC 1951 section 3.2.5).
func everyLength() form {
	b := new(blocks).begin(fixedBlock, false)
	out := message(OpBinary, 300, 1).Payload
	b.literals(string(out))
	for n := minMatch; n <= maxMatch; n++ {
		b.match(n, 300)
		out = append(out[:len(out):len(out)], out[len(out)-300:][:n]...)
	}
	return form{"7.2.1", "fixed/every-length", b.end().finish(), Frame{Fin: true, Op: OpBinary, Payload: out}}
}

// everyDistance has matches at both ends of what each code of a distance means.
func everyDistance() form {
	out := slices.Clone(message(OpBinary, 32768, 1).Payload)
	b := new(blocks).stored(out, false).begin(fixedBlock, false)
	for _, d := range distIntervals {
		for _, distance := range []int{d.base, d.base + 1<<d.extra - 1} {
			b.match(minMatch, distance)
			for range minMatch {
				out = append(out, out[len(out)-distance])
			}
		}
	}
	return form{"7.2.1", "fixed/every-distance", b.end().finish(), Frame{Fin: true, Op: OpBinary, Payload: out}}
}

// compressedForms is about all that DEFLATE has, in one frame and in fragments.
func compressedForms() []Case {
	const why = "a message may be any sequence of DEFLATE blocks"
	var all []Case
	add := func(section, name, why string, steps ...Step) {
		all = append(all, rfc7692(section, well("", name, why, steps...).agreeing(largest)))
	}
	for _, f := range forms() {
		m := zipped(f.message.Op, f.payload)
		add(f.section, "form/"+f.name, why, send(m, m).want(f.message, f.message))
		if len(m.Payload) < 1000 {
			add(f.section, "form/"+f.name+"/in-fragments-of-1", why, send(m.fragments(1)...).want(f.message))
			add(f.section, "form/"+f.name+"/octets", why, send(m).chop(Octets).want(f.message))
		}
		add(f.section, "form/"+f.name+"/in-fragments-of-997", why, send(m.fragments(997)...).chop(PerFrame).want(f.message))
	}
	const lenient = "senders that leave the last byte out are understood"
	add("7.2.3.6", "form/lenient/no-payload", lenient, send(zipped(OpText, nil), zipped(OpText, hello)).want(text(""), text("Hello")))
	add("7.2.3.4", "form/lenient/nothing-behind-last-block", lenient, send(zipped(OpText, hello[:0:0]), zipped(OpText, unhex("f3 48 cd c9 c9 07 00"))).want(text(""), text("Hello")))

	const taken = "with context takeover a message may refer to those before it that were compressed"
	first, again := zipped(OpText, hello), zipped(OpText, helloAgain)
	both := []Frame{text("Hello"), text("Hello")}
	add("7.2.3.2", "takeover/again", taken, send(first, again).want(both...))
	add("7.2.3.2", "takeover/another-type", taken, send(first, zipped(OpBinary, helloAgain)).want(text("Hello"), binaryOf("Hello")))
	add("7.2.3.2", "takeover/a-hundred-times", taken, send(append([]Frame{first}, manyOf(again, 99)...)...).want(manyOf(text("Hello"), 100)...))
	add("7.2.3.2", "takeover/past-control-frames", taken, send(first, ping("p"), pong("q"), again).want(both[0], pong("p"), both[1]).anyOrder())
	add("7.2.3.2", "takeover/past-empty", taken, send(first, zipped(OpText, []byte{0}), again).want(both[0], text(""), both[1]))
	add("7.2.3.2", "takeover/past-plain", taken+", as if others were not there", send(first, text("plain"), again).want(both[0], text("plain"), both[1]))
	add("7.2.3.2", "takeover/past-plain-fragments", taken+", as if others were not there",
		send(first, text("pl").more(), rest("ain"), again).want(both[0], text("plain"), both[1]))
	add("7.2.3.2", "takeover/past-last-block", taken, send(zipped(OpText, unhex("f3 48 cd c9 c9 07 00 00")), again).want(both...))
	add("7.2.3.2", "takeover/past-stored", taken, send(zipped(OpText, unhex("00 05 00 fa ff 48 65 6c 6c 6f 00")), again).want(both...))
	add("7.2.3.2", "takeover/fragments", taken, send(append(first.fragments(2), again.fragments(2)...)...).want(both...))
	return all
}

// compressedTails is about senders that leave on what they should take off the
// end of a message (RFC 7692 section 7.2.1).
func compressedTails() []Case {
	const why = "the tail that a sender left on is an empty block: what the receiver puts back behind it is no part of the message"
	none := largest
	none.ServerNoContextTakeover, none.ClientNoContextTakeover = true, true
	var all []Case
	add := func(d Deflate, name string, steps ...Step) {
		all = append(all, rfc7692("7.2.1", well("", "form/lenient/tail/"+name, why, steps...).agreeing(d)))
	}
	for _, f := range tailed() {
		m := zipped(f.message.Op, f.payload)
		add(largest, f.name, send(m, m).want(f.message, f.message))
		add(none, f.name+"/no-takeover", send(m, m).want(f.message, f.message))
		add(largest, f.name+"/in-fragments-of-1", send(m.fragments(1)...).want(f.message))
		add(largest, f.name+"/in-fragments-of-4", send(m.fragments(4)...).chop(PerFrame).want(f.message))
		add(largest, f.name+"/before-an-empty-fragment", send(m.more(), rest("")).want(f.message))
		add(largest, f.name+"/octets", send(m).chop(Octets).want(f.message))
	}
	first, again := zipped(OpText, slices.Concat(hello, []byte(syncTail))), zipped(OpText, slices.Concat(helloAgain, []byte(syncTail)))
	add(largest, "takeover", send(first, again, zipped(OpText, helloAgain), again).want(manyOf(text("Hello"), 4)...))
	return all
}

// tailed are payloads that end with the tail.
func tailed() []form {
	return []form{
		{"7.2.1", "fixed", new(blocks).fixed("Hello", false).flush().out, text("Hello")},
		{"7.2.1", "stored", new(blocks).stored([]byte("Hello"), false).flush().out, text("Hello")},
		{"7.2.1", "empty", new(blocks).flush().out, binaryOf("")},
		{"7.2.1", "several-empty-blocks", new(blocks).fixed("Hello", false).flush().flush().flush().out, text("Hello")},
		{"7.2.1", "behind-last-block", new(blocks).fixed("Hello", true).align().flush().out, text("Hello")},
		{"7.2.1", "ends-like-it", new(blocks).stored([]byte(syncTail), false).flush().out, binaryOf(syncTail)},
		{"7.2.1", "library", append(compressedBy(9, body(0, 900, 1).Payload), syncTail...), body(0, 900, 1)},
	}
}

// compressedFragments is about fragments of compressed messages, and what comes
// between them.
func compressedFragments() []Case {
	const why = "it is messages that are compressed, whose payload is then fragmented: of the frames the first alone has RSV1"
	var all []Case
	add := func(name string, c Case) {
		c.Name = "fragments/" + name
		c.Why = why
		all = append(all, rfc7692("6.1", c.agreeing(largest)))
	}
	m := zipped(OpText, hello)
	for n := range len(hello) + 1 {
		two := []Frame{{RSV: RSV1, Op: OpText, Payload: hello[:n]}, {Fin: true, Op: OpContinuation, Payload: hello[n:]}}
		add(fmt.Sprintf("two/%d", n), well("", "", "", send(two...).want(text("Hello"))))
		add(fmt.Sprintf("two/%d/ping-between", n), well("", "", "", send(two[0], ping("between"), two[1]).want(pong("between"), text("Hello"))))
		add(fmt.Sprintf("two/%d/close-between", n), answers(1000, "", "", "", "", send(two[0], closing(1000, ""), two[1])))
	}
	for _, c := range chops {
		f := m.fragments(1)
		sent, want := []Frame{}, []Frame{}
		for i, one := range f {
			p := string(rune('0' + i))
			sent, want = append(sent, one, ping(p), pong("unasked")), append(want, pong(p))
		}
		last := len(sent) - 2 // behind the last fragment a ping may be overtaken
		add("pings-between/"+c.name, well("", "", "", send(sent[:last]...).chop(c.Chop).want(append(want[:len(want)-1], text("Hello"))...)))
	}
	add("empty-ones", well("", "", "", send(Frame{RSV: RSV1, Op: OpText}, rest("").more(), rest(string(hello[:3])).more(),
		rest("").more(), rest(string(hello[3:])).more(), rest("")).want(text("Hello"))))
	add("all-empty", well("", "", "", send(Frame{RSV: RSV1, Op: OpBinary}, rest("").more(), rest("")).want(binaryOf(""))))
	for k, kind := range bodies {
		for _, cut := range []int{1, 3, 127, 1000} {
			step := exchange(k, 2, cut, 100, 500+10*cut)
			add(fmt.Sprintf("%s/by-%d", kind.name, cut), well("", "", "", step))
			c := well("", "", "", step)
			c.Do = Stream
			add(fmt.Sprintf("%s/by-%d/streamed", kind.name, cut), c)
		}
	}
	return all
}
