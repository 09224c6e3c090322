package conformance

import (
	"fmt"
	"slices"
)

// negotiation is about what is offered and answered, and that it is held to.
func negotiation(scale Scale) []Case {
	return of(Negotiation, slices.Concat(windows(scale), windowEdges(), offers(), declined(), legalAnswers(), illegalAnswers())...)
}

// windows tries all windows.
func windows(scale Scale) []Case {
	const why = "neither side refers farther back than the window that was agreed on for it"
	sizes, count := []int{16, 64, 256, 1 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10, 64 << 10, 128 << 10}, 2
	switch scale {
	case Raced:
		sizes, count = []int{16, 256, 2 << 10}, 1
	case Short:
		sizes, count = sizes[:7], 1
	}
	var all []Case
	add := func(name string, d Deflate, do Behaviour, steps ...Step) {
		c := rfc7692("7.1.2", well("", name, why, steps...).agreeing(d))
		c.Do, c.Bulk = do, true
		all = append(all, c)
	}
	for bits := 8; bits <= 15; bits++ {
		for i, t := range takeovers {
			d := Deflate{ServerNoContextTakeover: t.serverNo, ClientNoContextTakeover: t.clientNo, ServerMaxWindowBits: bits, ClientMaxWindowBits: bits}
			for k, kind := range bodies {
				if scale == Raced && (bits+i+k)%4 > 0 {
					continue
				}
				name := fmt.Sprintf("windows/%d/%s/%s", bits, t.name, kind.name)
				add(name, d, Echo, exchange(k, count, 0, sizes...))
				add(name+"/in-fragments", d, Stream, exchange(k, count, 300, sizes...))
			}
		}
		for client := 8; client <= 15; client++ {
			if scale == Raced && bits+client != 8+15 {
				continue
			}
			d := Deflate{ServerMaxWindowBits: bits, ClientMaxWindowBits: client}
			add(fmt.Sprintf("windows/server-%d-client-%d", bits, client), d, Echo, traffic(min(bits, client))...)
		}
	}
	return all
}

// traffic has messages of all kinds, and such as tempt a sender to refer
// farther back than the smaller window.
func traffic(bits int) []Step {
	var steps []Step
	for k := range bodies {
		steps = append(steps, exchange(k, 1, 0, 30, 300, 1000))
	}
	size := window(bits) + 1
	if size > window(15) {
		return steps // DEFLATE knows no greater distance
	}
	p := message(OpBinary, size, 1).Payload
	once := Frame{Fin: true, Op: OpBinary, Payload: p}
	twice := Frame{Fin: true, Op: OpBinary, Payload: append(p[:size:size], p...)}
	plain := once
	return append(steps, send(once.compressed(), once.compressed(), twice.compressed(), plain, once.compressed()).
		want(once, once, twice, plain, once))
}

// windowEdges has the peer refer as far back as it may.
func windowEdges() []Case {
	const why = "what lies in the window can be referred to, up to its edge"
	var all []Case
	for bits := 8; bits <= 15; bits++ {
		size := window(bits)
		d := Deflate{ServerMaxWindowBits: bits, ClientMaxWindowBits: bits}
		back := new(blocks).begin(fixedBlock, false).match(200, size).end().finish()
		both := new(blocks).stored(message(OpBinary, size, 1).Payload, false).begin(fixedBlock, false).match(200, size).end().finish()
		whole := message(OpBinary, size, 1)
		start := Frame{Fin: true, Op: OpBinary, Payload: whole.Payload[:200]}
		again := Frame{Fin: true, Op: OpBinary, Payload: append(whole.Payload[:size:size], start.Payload...)}
		stored := func(p []byte) Frame { return zipped(OpBinary, new(blocks).stored(p, false).finish()) }
		add := func(name string, d Deflate, steps ...Step) {
			c := rfc7692("7.1.2", well("", fmt.Sprintf("edge/%d/%s", bits, name), why, steps...).agreeing(d))
			c.Bulk = bits > 11
			all = append(all, c)
		}
		add("inside-message", d, send(zipped(OpBinary, both)).want(again), send(zipped(OpBinary, both).fragments(100)...).want(again))
		add("message-before", d, send(stored(whole.Payload), zipped(OpBinary, back)).want(whole, start))
		add("longer-message-before", d, send(stored(append([]byte("longer"), whole.Payload...)), zipped(OpBinary, back)).
			want(binaryOf("longer"+string(whole.Payload)), start))
		var sent, want []Frame
		for p := whole.Payload; len(p) > 0; p = p[min(len(p), 100):] {
			part := Frame{Fin: true, Op: OpBinary, Payload: p[:min(len(p), 100)]}
			sent, want = append(sent, stored(part.Payload)), append(want, part)
		}
		add("many-messages-before", d, send(append(sent, zipped(OpBinary, back))...).want(append(want, start)...))
		d.ServerNoContextTakeover, d.ClientNoContextTakeover = true, true
		add("inside-message/no-takeover", d, send(zipped(OpBinary, both), zipped(OpBinary, both)).want(again, again))
	}
	return all
}

// negotiatedPlain is the traffic of a connection that agreed on nothing.
func negotiatedPlain() []Step {
	var steps []Step
	for k := range bodies {
		m := body(k, 1000, 1)
		steps = append(steps, send(m).want(m))
	}
	return append(steps, send(text("a").more(), rest("b")).want(text("ab")))
}
