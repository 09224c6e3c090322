package conformance

import (
	"bytes"
	"fmt"
	"strings"
)

// compressedBits is about RSV1 where it has a meaning.
func compressedBits() []Case {
	const why = "with permessage-deflate RSV1 has a meaning on the first frame of a message, and there alone"
	var all []Case
	first, plain := zipped(OpText, hello), text("Hello")
	for _, c := range []struct {
		name   string
		frames []Frame
	}{
		{"continuation", []Frame{zipped(OpText, hello[:3]).more(), rest(string(hello[3:])).rsv(RSV1)}},
		{"middle", []Frame{zipped(OpText, hello[:3]).more(), rest("").rsv(RSV1).more()}},
		{"continuation-of-plain", []Frame{text("Hel").more(), rest("lo").rsv(RSV1)}},
		{"stray-continuation", []Frame{rest(string(hello)).rsv(RSV1)}},
		{"second-start", []Frame{zipped(OpText, hello[:3]).more(), first}},
		{"ping", []Frame{ping("p").rsv(RSV1)}},
		{"ping-inside", []Frame{zipped(OpText, hello[:3]).more(), ping("p").rsv(RSV1)}},
		{"ping-inside-plain", []Frame{text("Hel").more(), ping("").rsv(RSV1)}},
		{"pong", []Frame{pong("p").rsv(RSV1)}},
		{"pong-inside", []Frame{zipped(OpText, hello[:3]).more(), pong("").rsv(RSV1)}},
		{"close", []Frame{closing(1000, "").rsv(RSV1)}},
		{"empty-close", []Frame{empty.rsv(RSV1)}},
		{"reserved-opcode", []Frame{{Fin: true, RSV: RSV1, Op: 3, Payload: hello}}},
		{"reserved-control", []Frame{{Fin: true, RSV: RSV1, Op: 11}}},
		{"rsv2", []Frame{plain.rsv(RSV2)}},
		{"rsv3", []Frame{plain.rsv(RSV3)}},
		{"rsv2-3", []Frame{plain.rsv(RSV2 | RSV3)}},
		{"rsv1-2", []Frame{first.rsv(RSV1 | RSV2)}},
		{"rsv1-3", []Frame{first.rsv(RSV1 | RSV3)}},
		{"rsv1-2-3", []Frame{first.rsv(RSV1 | RSV2 | RSV3)}},
		{"rsv2-continuation", []Frame{zipped(OpText, hello[:3]).more(), rest(string(hello[3:])).rsv(RSV2)}},
	} {
		for _, cut := range chops {
			all = append(all, rfc7692("6", fails(1002, "", "bits/"+c.name+"/"+cut.name, why, send(c.frames...).chop(cut.Chop)).agreeing(largest)),
				rfc7692("6", fails(1002, "", "bits/"+c.name+"/after-message/"+cut.name, why,
					send(append([]Frame{first}, c.frames...)...).chop(cut.Chop).want(plain)).agreeing(largest)))
		}
	}
	for _, typ := range types {
		for _, n := range []int{0, 5, 125, 126, 70_000} {
			m := message(typ.op, n, 1)
			all = append(all, rfc7692("6.1", well("", fmt.Sprintf("plain/%s/%d", typ.name, n), "a message without RSV1 is not compressed",
				send(m, m).echoed(), send(m.fragments(50)...).want(m)).agreeing(largest)))
		}
	}
	return all
}

// broken are payloads that do not inflate.
func broken() []form {
	fixed := func() *blocks { return new(blocks).begin(fixedBlock, false) }
	dynamic := func() *blocks { return new(blocks).begin(dynamicBlock, false) }
	return []form{
		{"3.2.3", "reserved-type", new(blocks).write(0b110, 3).finish(), Frame{}},
		{"3.2.3", "reserved-type-last", new(blocks).write(0b111, 3).finish(), Frame{}},
		{"3.2.3", "reserved-type-behind-a-block", new(blocks).fixed("Hello", false).write(0b110, 3).finish(), Frame{}},
		{"3.2.3", "ones", bytes.Repeat([]byte{0xFF}, 40), Frame{}},
		{"3.2.4", "stored-length", unhex("00 05 00 fa fe 48 65 6c 6c 6f 00"), Frame{}},
		{"3.2.4", "stored-length-twice", unhex("00 05 00 05 00 48 65 6c 6c 6f 00"), Frame{}},
		{"3.2.4", "stored-cut-short", unhex("00 ff 00 00 ff 48 65 6c 6c 6f"), Frame{}},
		{"3.2.4", "stored-length-cut-short", unhex("00 05"), Frame{}},
		{"3.2.6", "length-286", fixed().literals("Hello").symbol(286).dist(0).end().finish(), Frame{}},
		{"3.2.6", "length-287", fixed().literals("Hello").symbol(287).dist(0).end().finish(), Frame{}},
		{"3.2.6", "distance-30", fixed().literals("Hello").symbol(firstLength).dist(30).end().finish(), Frame{}},
		{"3.2.6", "distance-31", fixed().literals("Hello").symbol(firstLength).dist(31).end().finish(), Frame{}},
		{"3.2.5", "before-the-beginning", fixed().match(3, 1).end().finish(), Frame{}},
		{"3.2.5", "far-before-the-beginning", fixed().literals("Hello").match(3, 32768).end().finish(), Frame{}},
		{"3.2.5", "one-before-the-beginning", fixed().literals("Hello").match(3, 6).end().finish(), Frame{}},
		{"3.2.6", "no-end-of-block", append(fixed().literals(strings.Repeat("\xFF", 16)).out, 0xFF), Frame{}},
		{"3.2.7", "too-many-literals", dynamic().write(31, 5).write(0, 5).write(0, 4).write(0, 12).finish(), Frame{}},
		{"3.2.7", "too-many-distances", dynamic().write(0, 5).write(31, 5).write(0, 4).write(0, 12).finish(), Frame{}},
		{"3.2.7", "no-codes", dynamic().write(0, 5).write(0, 5).write(0, 4).write(0, 12).finish(), Frame{}},
		{"3.2.7", "codes-used-twice", dynamic().write(0, 5).write(0, 5).write(0, 4).write(0b001_001_001_001, 12).finish(), Frame{}},
		{"3.2.7", "codes-unused", dynamic().write(0, 5).write(0, 5).write(0, 4).write(0b011_011_011_011, 12).finish(), Frame{}},
		// 16 and 18 have codes of one bit; 16 repeats what there is not.
		{"3.2.7", "repeats-nothing", dynamic().write(0, 5).write(0, 5).write(0, 4).write(0b000_001_000_001, 12).write(0, 10).finish(), Frame{}},
		// 17 and 18 have codes of one bit: 138 zeros, twice, are over 258
		// lengths.
		{"3.2.7", "too-many-lengths", dynamic().write(0, 5).write(0, 5).write(0, 4).write(0b000_001_001_000, 12).
			write(1, 1).write(127, 7).write(1, 1).write(127, 7).finish(), Frame{}},
		{"3.2.7", "cut-short", unhex("04"), Frame{}},
		{"3.2.4", "tail-twice", append(new(blocks).fixed("Hello", false).flush().out, syncTail...), Frame{}},
		{"3.2.4", "tail-alone", []byte(syncTail), Frame{}},
		{"3.2.4", "no-empty-block", new(blocks).stored([]byte("Hello"), false).out, Frame{}},
		{"3.2.4", "no-empty-block/ends-like-one", new(blocks).stored([]byte(syncTail), false).out, Frame{}},
	}
}

// compressedBroken is about payloads that are not DEFLATE, or refer to what is
// not there.
func compressedBroken() []Case {
	const why = "a compressed message that does not inflate fails the connection (7692 section 7.2.2)"
	var all []Case
	add := func(d Deflate, name string, steps ...Step) {
		c := fails(1007, "", "broken/"+name, why, steps...).agreeing(d)
		c.Section = "RFC 1951 section 3.2"
		all = append(all, c)
	}
	none := largest
	none.ServerNoContextTakeover, none.ClientNoContextTakeover = true, true
	for _, f := range broken() {
		bad := zipped(OpBinary, f.payload)
		add(largest, f.name, send(bad))
		add(largest, f.name+"/octets", send(bad).chop(Octets))
		add(largest, f.name+"/in-fragments", send(bad.fragments(2)...).chop(PerFrame))
		add(none, f.name+"/after-message", send(zipped(OpText, hello), bad).want(text("Hello")))
		add(none, f.name+"/then-close", send(zipped(OpText, hello)).want(text("Hello")), send(bad, closing(1000, "")))
		for i := range all[len(all)-5:] {
			all[len(all)-1-i].Section = "RFC 1951 section " + f.section
		}
	}
	behind := append(new(blocks).fixed("Hello", true).align().out, syncTail...)
	all = append(all, rfc7692("7.2.1", fails(1007, "", "broken/tail-behind-last-block",
		"behind a last block begins another one: the tail alone is a stored block of 65,280 bytes that are not there, which zlib would give out in part",
		send(zipped(OpBinary, behind))).agreeing(largest)))
	for _, again := range [][]byte{helloAgain, new(blocks).begin(fixedBlock, false).match(3, 5).end().finish()} {
		c := fails(1007, "", fmt.Sprintf("broken/no-takeover/%x", again), "without context takeover nothing before the message is there",
			send(zipped(OpText, hello), zipped(OpText, again)).want(text("Hello"))).agreeing(none)
		all = append(all, rfc7692("7.1.1", c))
	}
	c := fails(1007, "", "broken/plain-is-not-there", "what came uncompressed cannot be referred to",
		send(text("Hello"), zipped(OpText, helloAgain)).want(text("Hello"))).agreeing(largest)
	return append(all, rfc7692("7.2.3.2", c))
}

// compressedText is about the UTF-8 of compressed text, which is checked as it
// inflates.
func compressedText() []Case {
	const (
		invalid = "text that is no UTF-8 once it is inflated fails the connection"
		soon    = "and as soon as what came shows it"
	)
	var all []Case
	add := func(c Case) {
		c.Section = "RFC 6455 section 8.1"
		all = append(all, c.agreeing(largest))
	}
	for _, bad := range []string{"\xFF", "\x80", "\xC0\xAF", "\xC1\xBF", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xED\xBF\xBF", "\xF0\x8F\xBF\xBF",
		"\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFE", "\xC3\x28", "\xE2\x82\x28"} {
		name := fmt.Sprintf("text/%x/", bad)
		text0 := "Hello" + bad + "behind"
		m := text(text0).compressed()
		add(fails(1007, "", name+"alone", invalid, send(m)))
		add(fails(1007, "", name+"stored", invalid, send(zipped(OpText, new(blocks).stored([]byte(text0), false).finish()))))
		add(fails(1007, "", name+"after-message", invalid, send(text("good").compressed(), m).want(text("good"))))
		cut := m
		cut.Cut = 1
		add(fails(1007, "", name+"in-fragments", invalid, send(cut).chop(PerFrame)))
		early := Frame{RSV: RSV1, Op: OpText, Payload: new(blocks).fixed(text0, false).flush().out}
		add(fails(1007, "", name+"fail-fast", invalid+", "+soon, send(early)))
		add(fails(1007, "", name+"fail-fast/second-fragment", invalid+", "+soon,
			send(Frame{RSV: RSV1, Op: OpText, Payload: new(blocks).fixed("good", false).flush().out}, ping("well")).want(pong("well")),
			send(rest(string(early.Payload)).more())))
		add(fails(1007, "", name+"fail-fast/inside-frame", invalid+", "+soon, send(zipped(OpText, append(early.Payload[:len(early.Payload):len(early.Payload)], hello...))).hold(len(hello))))
		add(well("", name+"binary", "binary messages may hold anything", send(binaryOf(text0).compressed()).want(binaryOf(text0))))
	}
	for _, end := range []string{"\xC3", "\xE2\x82", "\xF0\x9F\x9A"} {
		m := text("Hello" + end).compressed()
		add(fails(1007, "", fmt.Sprintf("text/ends-in-%x", end), "text does not end inside a character", send(m)))
		add(fails(1007, "", fmt.Sprintf("text/ends-in-%x/another-follows", end), "text does not end inside a character",
			send(m, text("\x80\x80").compressed())))
	}
	const whole = "\u00E9\u6A4B\U0001F6A2\u03B8\u0430"
	for n := 1; n < len(whole); n++ {
		p := new(blocks).fixed(whole[:n], false).flush().fixed(whole[n:], false).finish()
		add(well("", fmt.Sprintf("text/split/%d", n), "a character may be split by blocks and by fragments",
			send(zipped(OpText, p)).want(text(whole)), send(zipped(OpText, p).fragments(1)...).want(text(whole))))
	}
	return all
}
