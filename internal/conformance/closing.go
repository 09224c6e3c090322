package conformance

import (
	"fmt"
	"strings"
)

// closings is about the closing handshake.
func closings() []Case {
	var all []Case
	add := func(c ...Case) { all = append(all, c...) }
	add(closePayloads()...)
	add(afterClose()...)
	add(begun()...)
	add(cutOff()...)
	return of(Closing, all...)
}

// closePayloads are close frames with every kind of payload.
func closePayloads() []Case {
	const (
		legal   = "a close frame with this code is answered"
		illegal = "a close frame must not carry this code"
		length  = "a close frame has no payload, or a code of two bytes and a reason, 125 bytes in all"
		reason  = "the reason in a close frame is UTF-8"
	)
	var all []Case
	add := func(c ...Case) { all = append(all, c...) }
	for _, c := range chops[1:] {
		add(answers(1005, "", "5.5.1", "empty/"+c.name, length, send(empty).chop(c.Chop)),
			fails(1002, "5.5.1", "1-byte/"+c.name, length, send(Frame{Fin: true, Op: OpClose, Payload: []byte{3}}).chop(c.Chop)),
			answers(1000, "", "5.5.1", "2-bytes/"+c.name, length, send(closing(1000, "")).chop(c.Chop)),
			answers(1000, "a", "5.5.1", "3-bytes/"+c.name, length, send(closing(1000, "a")).chop(c.Chop)))
		for n := 122; n <= 123; n++ {
			r := strings.Repeat("r", n)
			add(answers(1000, r, "5.5.1", fmt.Sprintf("%d-bytes/%s", n+2, c.name), length, send(closing(1000, r)).chop(c.Chop)))
		}
		for _, n := range []int{124, 125, 998} {
			add(fails(1002, "5.5", fmt.Sprintf("%d-bytes/%s", n+2, c.name), length,
				send(closing(1000, strings.Repeat("r", n))).chop(c.Chop)))
		}
	}
	r := strings.Repeat("r", 121)
	add(answers(1000, r, "5.5.1", "123-bytes", length, send(closing(1000, r))))
	for _, code := range []int{1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3001, 3999, 4000, 4001, 4999} {
		add(answers(code, "", "7.4", fmt.Sprintf("code/%d", code), legal, send(closing(code, ""))),
			answers(code, "the reason", "7.4", fmt.Sprintf("code/%d/reason", code), legal, send(closing(code, "the reason"))))
	}
	for _, code := range []int{0, 1, 500, 999, 1004, 1005, 1006, 1015, 1016, 1017, 1099, 1100, 1999, 2000, 2999, 5000, 5001, 9999, 32768, 65535} {
		add(fails(1002, "7.4", fmt.Sprintf("code/%d", code), illegal, send(closing(code, ""))),
			fails(1002, "7.4", fmt.Sprintf("code/%d/reason", code), illegal, send(closing(code, "the reason"))))
	}
	for _, s := range validText() {
		add(answers(1000, s.text, "5.5.1", "reason/"+s.name, reason, send(closing(1000, s.text))))
	}
	for _, s := range append(invalidText(), brokenOff()...) {
		add(fails(1007, "5.5.1", "bad-reason/"+s.name, reason, send(closing(1000, "why: "+s.text))))
	}
	add(answers(1000, strings.Repeat("世", 41), "5.5.1", "reason/longest", reason, send(closing(1000, strings.Repeat("世", 41)))),
		fails(1007, "5.5.1", "bad-reason/longest-broken-off", reason, send(closing(1000, strings.Repeat("世", 40)+"12\xE4"))))
	return all
}

// afterClose is what comes before, with and after a close frame.
func afterClose() []Case {
	const (
		before  = "messages before the close frame are answered first"
		after   = "whatever follows a close frame is ignored"
		between = "a close frame may come between the fragments of a message, which is then never delivered"
	)
	bye := closing(1000, "bye")
	var all []Case
	for _, c := range chops {
		add := func(name, why string, s Step) {
			all = append(all, answers(1000, "bye", "5.5.1", name+"/"+c.name, why, s.chop(c.Chop)))
		}
		add("message-close", before, send(text("last"), bye).want(text("last")))
		add("fragments-close", before, send(text("la").more(), rest("st"), bye).want(text("last")))
		add("pong-close", before, send(pong("unasked"), bye))
		add("close-twice", after, send(bye, bye))
		add("close-with-another-code", after, send(bye, closing(1001, "other")))
		add("close-ping", after, send(bye, ping("late")))
		add("close-text", after, send(bye, text("late")))
		add("close-binary", after, send(bye, binaryOf("late")))
		add("close-violation", after, send(bye, text("late").rsv(7), Frame{Fin: true, Op: 15}, rest("late")))
		add("close-bad-text", after, send(bye, text("\xFF")))
		add("fragment-close", between, send(text("half").more(), bye))
		add("fragment-close-fragment", between, send(text("half").more(), bye, rest("other half")))
		add("fragments-close-ping", between, send(binaryOf("a").more(), rest("b").more(), bye, ping("late")))
		add("bad-end-close", between, send(text("\xE4\xB8").more(), bye))
	}
	long := message(OpText, 256<<10, 1)
	hundred := manyOf(text("one of a hundred"), 100)
	all = append(all,
		answers(1000, "bye", "5.5.1", "256-KiB-close-ping", before, send(long, bye, ping("late")).want(long)),
		answers(1000, "bye", "5.5.1", "hundred-messages-close", before, send(append(hundred, bye)...).want(hundred...)),
		answers(1000, "bye", "5.5.1", "close-256-KiB", after, send(bye, long)),
		answers(1000, "bye", "5.5.1", "close-thousand-pings", after, send(append([]Frame{bye}, manyOf(ping("late"), 1000)...)...)),
		answers(1001, "", "7.1.2", "message-answered-close", before, send(text("first")).echoed(), send(closing(1001, ""))))
	return all
}

// begun are closing handshakes that the target begins.
func begun() []Case {
	const why = "the side that began waits for the other's close frame, and throws away what comes before"
	trigger := send(text("close!")).want(closing(1000, "enough"))
	var all []Case
	add := func(name string, code int, reason string, steps ...Step) {
		c := well("7.1.2", "begun/"+name, why, append([]Step{trigger}, steps...)...)
		c.Do, c.End = CloseFirst, End{Kind: Begun, Code: code, Reason: reason, Clean: true}
		all = append(all, c)
	}
	add("answered", 1000, "", send(closing(1000, "")))
	add("answered-otherwise", 4321, "other", send(closing(4321, "other")))
	add("answered-empty", 1005, "", send(empty))
	add("messages-first", 1000, "", send(text("late"), binaryOf("late"), text("la").more(), rest("te"), closing(1000, "")))
	add("half-a-message-first", 1000, "", send(text("la").more(), closing(1000, "")))
	add("1-MiB-first", 1000, "", send(message(OpBinary, 1<<20, 1), closing(1000, "")))
	add("bad-text-first", 1000, "", send(text("\xFF"), closing(1000, "")))
	add("octets", 1000, "bye", send(text("late"), closing(1000, "bye")).chop(Octets))
	add("answered-twice", 1000, "", send(closing(1000, ""), closing(1001, "")))
	all = append(all, Case{Name: "begun/never-answered", Section: "RFC 6455 section 7.1.1", Do: CloseFirst, Clock: true,
		Why:   "a side that waits for an answer in vain ends the stream",
		Steps: []Step{trigger}, End: End{Kind: Begun, Code: -1}})
	return all
}

// cutOff are streams that end without a close frame.
func cutOff() []Case {
	const why = "a stream that ends without a close frame is 1006, no part of a message is delivered, and a peer that ended its half alone is told 1002"
	var all []Case
	add := func(name string, steps ...Step) {
		c := well("7.1.5", "cut/"+name, why, steps...)
		c.End = End{Kind: Cut, Code: 1006}
		all = append(all, c)
	}
	add("at-once")
	add("after-message", send(text("last")).echoed())
	add("in-header", send(text("half")).hold(len("half")+1))
	add("in-payload", send(text("half")).hold(2))
	add("in-long-payload", send(message(OpBinary, 100_000, 1)).hold(1))
	add("in-ping", send(ping("half")).hold(2))
	add("in-close", send(closing(1000, "half")).hold(2))
	add("between-fragments", send(text("half").more()))
	return all
}
