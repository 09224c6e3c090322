package conformance

import (
	"fmt"
	"strings"
)

// fragmentation is about messages of several frames, and what may stand
// between.
func fragmentation() []Case {
	const (
		whole = "the fragments of a message make it up, in order"
		ctl   = "control frames may stand between fragments, and are acted on at once"
		not   = "a control frame must not be fragmented"
	)
	var all []Case
	add := func(c ...Case) { all = append(all, c...) }
	for _, typ := range types {
		for _, c := range chops {
			add(well("5.4", "two/"+typ.name+"/"+c.name, whole, fragmented(typ.op, "frag", "ment").chop(c.Chop)),
				well("5.4", "three-empty/"+typ.name+"/"+c.name, whole, fragmented(typ.op, "", "", "").chop(c.Chop)),
				well("5.4", "empty-around/"+typ.name+"/"+c.name, whole, fragmented(typ.op, "", "middle", "").chop(c.Chop)),
				well("5.4", "empty-middle/"+typ.name+"/"+c.name, whole, fragmented(typ.op, "begin", "", "end").chop(c.Chop)))
		}
		for _, size := range []int{1, 2, 3, 125, 126, 999} {
			m := message(typ.op, 2000, size)
			add(well("5.4", fmt.Sprintf("2000-by-%d/%s", size, typ.name), whole, send(m.fragments(size)...).want(m)))
		}
		m := message(typ.op, 300_000, 1)
		add(well("5.4", "growing/"+typ.name, whole, send(growing(m)...).want(m)))
	}
	for _, c := range chops {
		add(well("5.4", "ping-inside/"+c.name, ctl,
			send(text("frag").more(), ping("inside"), rest("ment")).chop(c.Chop).want(pong("inside"), text("fragment"))),
			well("5.4", "long-ping-inside/"+c.name, ctl,
				send(text("frag").more(), ping(everyByte(125)), rest("ment")).chop(c.Chop).want(pong(everyByte(125)), text("fragment"))),
			well("5.4", "pong-inside/"+c.name, ctl,
				send(text("frag").more(), pong("unasked"), rest("ment")).chop(c.Chop).want(text("fragment"))),
			well("5.4", "ping-at-every-gap/"+c.name, ctl, send(text("a").more(), ping("1"), rest("b").more(), ping("2"), rest("").more(),
				ping("3"), ping("4"), rest("c")).chop(c.Chop).want(pong("1"), pong("2"), pong("3"), pong("4"), text("abc")).anyOrder()),
			well("5.4", "two-rounds-of-pings/"+c.name, ctl,
				send(text("one").more(), rest(" two").more(), ping("first")).chop(c.Chop).want(pong("first")),
				send(rest(" three").more(), rest(" four").more(), ping("second")).chop(c.Chop).want(pong("second")),
				send(rest(" five")).chop(c.Chop).want(text("one two three four five"))),
			well("5.4", "ping-inside-character/"+c.name, "a control frame between fragments does not disturb the text",
				send(text("\xE4\xB8").more(), ping("\xFF"), rest("\x96")).chop(c.Chop).want(pong("\xFF"), text("世"))))
		for _, f := range []struct {
			name string
			Frame
		}{{"ping", ping("frag")}, {"pong", pong("frag")}, {"close", closing(1000, "frag")}, {"empty-ping", ping("")}, {"empty-close", empty}} {
			add(fails(1002, "5.5", "fragmented-"+f.name+"/"+c.name, not, send(f.Frame.more(), rest("ment")).chop(c.Chop)),
				fails(1002, "5.5", "fragmented-"+f.name+"-inside-message/"+c.name, not,
					send(text("a").more(), f.Frame.more(), rest("b")).chop(c.Chop)))
		}
	}
	add(fails(1002, "5.5", "fragmented-ping/alone", not, send(ping("frag").more())),
		well("5.4", "goodbye-inside-message", "a message may be left unfinished by a close frame", send(text("half").more(), ping("")).want(pong(""))))
	return of(Fragmentation, append(append(all, illegalOrders()...), everyOrder(3)...)...)
}

// illegalOrders are the orders that no message has, each cut in every way.
func illegalOrders() []Case {
	const (
		stray = "a continuation frame must follow the start of a message"
		mixed = "a message must not begin before the last one has ended"
	)
	good := text("good")
	var all []Case
	for _, c := range chops {
		add := func(name, why string, s Step) {
			all = append(all, fails(1002, "5.4", name+"/"+c.name, why, s.chop(c.Chop)))
		}
		for _, p := range []string{"", "stray"} {
			name := fmt.Sprintf("%d-bytes", len(p))
			add("stray-end-first/"+name, stray, send(rest(p), good))
			add("stray-middle-first/"+name, stray, send(rest(p).more(), good))
			add("stray-end-after-message/"+name, stray, send(good, rest(p), good).want(good))
			add("stray-middle-after-message/"+name, stray, send(good, rest(p).more(), good).want(good))
			add("stray-end-after-fragments/"+name, stray, send(text("go").more(), rest("od"), rest(p), good).want(good))
			add("stray-middle-after-fragments/"+name, stray, send(text("go").more(), rest("od"), rest(p).more(), good).want(good))
		}
		add("stray-twice", stray, send(rest("").more(), rest("").more(), good))
		for _, typ := range types {
			second := Frame{Fin: true, Op: typ.op, Payload: []byte("second")}
			add("start-inside/"+typ.name, mixed, send(text("first").more(), second))
			add("start-inside-unfinished/"+typ.name, mixed, send(text("first").more(), second.more(), rest("")))
			add("start-inside-binary/"+typ.name, mixed, send(binaryOf("first").more(), second))
			add("start-inside-after-middle/"+typ.name, mixed, send(text("fi").more(), rest("rst").more(), second))
			add("start-inside-after-ping/"+typ.name, mixed, send(text("fi").more(), pong(""), second))
		}
	}
	return all
}

// fragmented sends the parts of one message and wants it back.
func fragmented(op byte, parts ...string) Step {
	var s Step
	for i, p := range parts {
		f := Frame{Op: OpContinuation, Payload: []byte(p), Fin: i == len(parts)-1}
		if i == 0 {
			f.Op = op
		}
		s.Send = append(s.Send, f)
	}
	return s.want(Frame{Fin: true, Op: op, Payload: []byte(strings.Join(parts, ""))})
}

// growing cuts f into fragments of 0, 1, 3, 9, 27... bytes.
func growing(f Frame) []Frame {
	all := []Frame{{Op: f.Op}}
	p := f.Payload
	for n := 1; len(p) > 0; n *= 3 {
		n = min(n, len(p))
		all = append(all, Frame{Op: OpContinuation, Payload: p[:n]})
		p = p[n:]
	}
	all[len(all)-1].Fin = true
	return all
}

// everyOrder is every sequence of so many frames, up to its first fault, with
// the verdict of a model: within a message come continuations, outside come
// starts. Letters name the frames: T and B whole messages, t and b their
// starts, c and C continuations without and with FIN, P a ping.
func everyOrder(length int) []Case {
	var all []Case
	var extend func(name string, s Step, within *Frame)
	extend = func(name string, s Step, within *Frame) {
		if len(name) == length {
			all = append(all, well("5.4", "order/"+name, "a legal order of frames", s.anyOrder()))
			return
		}
		for _, letter := range "TtBbCcP" {
			f, legal := orderFrame(letter, len(name), within != nil)
			next := Step{Send: append(s.Send[:len(s.Send):len(s.Send)], f), Want: s.Want[:len(s.Want):len(s.Want)]}
			switch {
			case !legal:
				if !strings.Contains(name, "P") { // the fault after a ping is a case of its own
					all = append(all, fails(1002, "5.4", "order/"+name+string(letter), "an illegal order of frames", next.anyOrder()))
				}
			case f.Op == OpPing:
				next.Want = append(next.Want, pong(string(f.Payload)))
				extend(name+"P", next, within)
			default:
				message := f
				if within != nil {
					message = Frame{Op: within.Op, Payload: append(within.Payload[:len(within.Payload):len(within.Payload)], f.Payload...)}
				}
				if !f.Fin {
					extend(name+string(letter), next, &message)
					continue
				}
				message.Fin = true
				next.Want = append(next.Want, message)
				extend(name+string(letter), next, nil)
			}
		}
	}
	extend("", Step{}, nil)
	return all
}

// orderFrame returns the frame for a letter, and whether it may come now.
func orderFrame(letter rune, position int, within bool) (f Frame, legal bool) {
	f = Frame{Fin: strings.ContainsRune("TBCP", letter), Payload: []byte{'0' + byte(position)}}
	switch letter {
	case 'T', 't':
		f.Op = OpText
	case 'B', 'b':
		f.Op = OpBinary
	case 'P':
		f.Op = OpPing
		return f, true
	}
	return f, within == (f.Op == OpContinuation)
}
