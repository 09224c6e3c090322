package conformance

import "fmt"

// reservedBits is about the RSV bits, that no extension gave a meaning to.
func reservedBits() []Case {
	const why = "RSV1, RSV2 and RSV3 are 0 unless an extension that uses them was agreed on"
	const section = "5.2"
	var all []Case
	for bits := byte(1); bits <= 7; bits++ {
		add := func(name string, steps ...Step) {
			all = append(all, fails(1002, section, fmt.Sprintf("%03b/%s", bits, name), why, steps...))
		}
		add("text", send(text("bits").rsv(bits)))
		add("text/empty", send(text("").rsv(bits)))
		add("text/octets", send(text("bits").rsv(bits)).chop(Octets))
		add("text/header-alone", send(text("bits").rsv(bits)).hold(4))
		add("binary", send(binaryOf("bits").rsv(bits)))
		add("ping", send(ping("bits").rsv(bits)))
		add("pong", send(pong("bits").rsv(bits)))
		add("close", send(closing(1000, "bits").rsv(bits)))
		add("first-fragment", send(text("bi").rsv(bits).more(), rest("ts")))
		add("continuation", send(text("bi").more(), rest("ts").rsv(bits)))
		add("ping-inside-message", send(text("bi").more(), ping("").rsv(bits), rest("ts")))
		for _, c := range chops {
			add("between-messages/"+c.name,
				send(text("good"), text("bits").rsv(bits), ping("late"), text("late")).chop(c.Chop).want(text("good")))
		}
		add("after-answered-message", send(text("good")).echoed(), send(text("bits").rsv(bits)))
		add("then-close", send(text("bits").rsv(bits), closing(1000, "")))
	}
	for _, offer := range []string{"permessage-unknown", "x-one; a=1, x-two; b"} {
		c := fails(1002, "9.1", "declined-extension/"+offer[:5], "an extension that the server did not answer is not in use", send(text("bits").rsv(RSV1)))
		c.Offer, c.Only = offer, Server
		all = append(all, c)
	}
	return of(ReservedBits, all...)
}

// opcodes is about the opcodes that mean nothing yet.
func opcodes() []Case {
	const why = "an unknown opcode fails the connection"
	var all []Case
	for _, op := range []byte{3, 4, 5, 6, 7, 11, 12, 13, 14, 15} {
		bare, full := Frame{Fin: true, Op: op}, Frame{Fin: true, Op: op, Payload: []byte("opcode")}
		add := func(name string, steps ...Step) {
			all = append(all, fails(1002, "5.2", fmt.Sprintf("%d/%s", op, name), why, steps...))
		}
		add("empty", send(bare))
		add("payload", send(full))
		add("payload/octets", send(full).chop(Octets))
		add("header-alone", send(full).hold(6))
		add("without-fin", send(full.more()))
		add("long", send(Frame{Fin: true, Op: op, Payload: []byte(everyByte(126))}))
		add("inside-message", send(text("be").more(), bare, rest("tween")))
		for _, c := range chops {
			add("empty-between-messages/"+c.name, send(text("good"), bare, ping("late"), text("late")).chop(c.Chop).want(text("good")))
			add("payload-between-messages/"+c.name, send(text("good"), full, ping("late"), text("late")).chop(c.Chop).want(text("good")))
		}
		add("after-answered-message", send(text("good")).echoed(), send(full))
	}
	return of(Opcodes, all...)
}
