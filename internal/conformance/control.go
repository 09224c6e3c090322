package conformance

import (
	"fmt"
	"strings"
)

// everyByte is a payload that is no UTF-8 and that holds all values in turn.
func everyByte(size int) string {
	p := make([]byte, size)
	for i := range p {
		p[i] = byte(255 - i)
	}
	return string(p)
}

// pings is about pings and pongs.
func pings() []Case {
	const (
		why       = "a ping is answered by a pong with the same payload"
		unasked   = "a pong that nobody asked for needs no answer (section 5.5.3)"
		tooLong   = "a control frame has 125 bytes of payload at most"
		inARow    = "each ping of a few is answered, in order"
		beforeEnd = "a ping that came before a close frame must be answered"
	)
	var all []Case
	add := func(c ...Case) { all = append(all, c...) }
	for _, size := range []int{0, 1, 2, 8, 124, 125} {
		p := everyByte(size)
		for _, c := range chops[1:] {
			add(well("5.5.2", fmt.Sprintf("ping/%d/%s", size, c.name), why, send(ping(p)).chop(c.Chop).want(pong(p))))
		}
	}
	var each []Step
	for size := range 126 {
		p := everyByte(size)
		each = append(each, send(ping(p)).want(pong(p)))
	}
	add(well("5.5.2", "ping/every-length", why, each...))
	for _, size := range []int{126, 127, 128, 4096, 65535, 65536} {
		p := everyByte(size)
		add(fails(1002, "5.5", fmt.Sprintf("ping/%d", size), tooLong, send(ping(p))),
			fails(1002, "5.5", fmt.Sprintf("pong/%d", size), tooLong, send(pong(p))))
	}
	add(fails(1002, "5.5", "ping/126/octets", tooLong, send(ping(everyByte(126))).chop(Octets)),
		fails(1002, "5.5", "ping/126/header-alone", tooLong, send(ping(everyByte(126))).hold(126)),
		fails(1002, "5.5", "ping/126/after-message", tooLong, send(text("well"), ping(everyByte(126)), text("not")).want(text("well"))))

	for _, p := range []string{"", "unasked", everyByte(125)} {
		for _, c := range chops {
			add(well("5.5.3", fmt.Sprintf("pong/%d/%s", len(p), c.name), unasked, send(pong(p)).chop(c.Chop)),
				well("5.5.3", fmt.Sprintf("pong-ping-pong/%d/%s", len(p), c.name), unasked,
					send(pong(p), ping("asked"), pong("asked")).chop(c.Chop).want(pong("asked"))))
		}
	}
	add(well("5.5.3", "pong/flood", unasked, send(manyOf(pong("unasked"), 1000)...), send(text("alive")).echoed()))

	for _, c := range chops {
		for _, size := range []int{0, 8, 124, 125} {
			var sent, want []Frame
			for i := range 10 {
				p := everyByte(size)
				if size > 0 {
					p = string(byte(i)) + p[1:]
				}
				sent, want = append(sent, ping(p)), append(want, pong(p))
			}
			add(well("5.5.2", fmt.Sprintf("ten-pings/%d/%s", size, c.name), inARow, send(sent...).chop(c.Chop).want(want...)))
		}
		var sent, want []Frame
		for i := range 10 {
			p := strings.Repeat(string(rune('0'+i)), i*12)
			sent, want = append(sent, ping(p)), append(want, pong(p))
		}
		add(well("5.5.2", "ten-pings/growing/"+c.name, inARow, send(sent...).chop(c.Chop).want(want...)),
			well("5.5.2", "ping-then-message/"+c.name, "a ping is answered as soon as practical: before the message behind it",
				send(ping("first"), text("second")).chop(c.Chop).want(pong("first"), text("second"))),
			well("5.5.2", "message-then-ping/"+c.name, why, send(text("first"), ping("second")).chop(c.Chop).echoedWithPongs()),
			well("5.5.2", "pings-between-messages/"+c.name, why,
				send(ping("1"), text("a"), ping("2"), binaryOf("b"), ping("3"), text(""), ping("4")).chop(c.Chop).echoedWithPongs().anyOrder()),
			answers(1000, "", "5.5.2", "ping-then-close/"+c.name, beforeEnd,
				send(ping("before"), closing(1000, "")).chop(c.Chop).want(pong("before"))),
			fails(1002, "5.5.2", "ping-then-violation/"+c.name, "a ping must be answered, also when the next frame fails the connection",
				send(ping("before"), text("bad").rsv(RSV3)).chop(c.Chop).want(pong("before"))))
	}
	return of(Pings, all...)
}

// echoedWithPongs is s with what must come: its messages, and a pong for each
// ping.
func (s Step) echoedWithPongs() Step {
	s.Want = nil
	for _, f := range s.Send {
		if f.Op == OpPing {
			f.Op = OpPong
		}
		s.Want = append(s.Want, f)
	}
	return s
}

func manyOf(f Frame, n int) []Frame {
	all := make([]Frame, n)
	for i := range all {
		all[i] = f
	}
	return all
}
