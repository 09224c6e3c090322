package conformance

import (
	"fmt"
	"math"
)

// headers is about masks and the forms of lengths.
func headers() []Case {
	const (
		masks    = "a client masks every frame, a server none"
		shortest = "a length is in its shortest form"
		top      = "the top bit of a length of 64 bits is 0"
	)
	var all []Case
	add := func(c ...Case) { all = append(all, c...) }
	for _, f := range []struct {
		name string
		Frame
	}{{"text", text("masked?")}, {"binary", binaryOf("masked?")}, {"empty", text("")}, {"start", text("masked").more()},
		{"ping", ping("masked?")}, {"pong", pong("")}, {"close", closing(1000, "")}, {"long", message(OpBinary, 70_000, 1)}} {
		wrong := f.Frame
		wrong.Flip = true
		add(fails(1002, "5.1", "mask/"+f.name, masks, send(wrong)),
			fails(1002, "5.1", "mask/after-message/"+f.name, masks, send(text("good"), wrong).want(text("good"))))
	}
	second := rest("masked?")
	second.Flip = true
	add(fails(1002, "5.1", "mask/continuation", masks, send(text("good").more(), second)))

	for _, n := range []int{0, 1, 125} {
		for _, width := range []int{2, 8} {
			add(fails(1002, "5.2", fmt.Sprintf("length/%d-in-%d-bytes", n, width), shortest, send(message(OpText, n, 1).wide(width))),
				fails(1002, "5.2", fmt.Sprintf("length/ping-of-%d-in-%d-bytes", n, width), shortest, send(ping(everyByte(n)).wide(width))))
		}
	}
	for _, n := range []int{126, 127, 65535} {
		add(fails(1002, "5.2", fmt.Sprintf("length/%d-in-8-bytes", n), shortest, send(message(OpBinary, n, 1).wide(8))))
	}
	add(fails(1002, "5.2", "length/close-in-2-bytes", shortest, send(closing(1000, "").wide(2))),
		fails(1002, "5.2", "length/continuation-in-2-bytes", shortest, send(text("a").more(), rest("b").wide(2))))
	for _, n := range []uint64{1 << 63, 1<<63 + 1, math.MaxUint64} {
		for _, c := range chops[1:] {
			add(fails(1002, "5.2", fmt.Sprintf("length/%d/%s", n, c.name), top, send(text("").announcing(n)).chop(c.Chop)))
		}
	}
	for _, op := range []byte{OpPing, OpPong, OpClose} {
		f := Frame{Fin: true, Op: op}
		add(fails(1002, "5.5", fmt.Sprintf("length/control-%d-of-2^31", op), "a control frame has 125 bytes at most", send(f.announcing(1<<31))))
	}
	return of(Headers, all...)
}
