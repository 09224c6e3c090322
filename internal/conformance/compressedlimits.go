package conformance

import "strings"

// compressedLimits is about a read limit of 1,000 bytes, which are inflated
// ones.
func compressedLimits() []Case {
	const (
		limit = 1000
		over  = "a message that inflates to more than the limit fails the connection with 1009, one byte over is enough"
		exact = "what is limited is the message, to the byte, whatever its payload"
	)
	var all []Case
	add := func(c Case) {
		c.Limit = limit
		c.Section = "RFC 6455 section 7.4.1"
		all = append(all, c.agreeing(largest))
	}
	for _, typ := range types {
		run := func(n int) Frame { return Frame{Fin: true, Op: typ.op, Payload: []byte(strings.Repeat("a", n))} }
		stored := func(n int) Frame {
			return zipped(typ.op, new(blocks).stored(run(n).Payload, false).finish())
		}
		name := "limit/" + typ.name + "/"
		most, more := run(limit), run(limit+1)
		add(well("", name+"exact", exact, send(most.compressed(), most.compressed()).want(most, most)))
		add(well("", name+"exact-random", exact, send(message(typ.op, limit, 1).compressed()).want(message(typ.op, limit, 1))))
		add(well("", name+"exact-stored", exact, send(stored(limit)).want(most)))
		add(well("", name+"exact-in-fragments", exact, send(zipped(typ.op, compressedBy(9, most.Payload)).fragments(1)...).want(most)))
		behind := new(blocks).stored(most.Payload, false)
		for range 50 {
			behind.flush()
		}
		add(well("", name+"exact-and-empty-blocks", exact, send(zipped(typ.op, behind.finish())).want(most)))
		add(well("", name+"exact-plain", exact, send(most, most.compressed(), most).want(most, most, most)))
		for _, way := range []struct {
			name string
			Frame
		}{{"compressed", more.compressed()}, {"stored", stored(limit + 1)}, {"library", zipped(typ.op, compressedBy(9, more.Payload))},
			{"twice", run(2 * limit).compressed()}, {"bomb", zipped(typ.op, compressedBy(9, run(4<<20).Payload))}, {"plain", more}} {
			add(fails(1009, "", name+"over/"+way.name, over, send(way.Frame)))
			add(fails(1009, "", name+"over/after-message/"+way.name, over, send(most.compressed(), way.Frame).want(most)))
			if !way.Compress && way.RSV != 0 {
				add(fails(1009, "", name+"over/in-fragments/"+way.name, over, send(way.fragments(7)...)))
				add(fails(1009, "", name+"over/octets/"+way.name, over, send(Frame{Fin: true, RSV: RSV1, Op: typ.op, Payload: way.Payload[:min(len(way.Payload), 1100)]}).chop(Octets)))
			}
		}
		whole := new(blocks).stored(more.Payload, false).flush().out
		add(fails(1009, "", name+"over/not-ended", over, send(Frame{RSV: RSV1, Op: typ.op, Payload: whole})))
		second := new(blocks).begin(fixedBlock, false).match(258, 1000)
		for range 3 {
			second.match(248, 1000)
		}
		add(fails(1009, "", name+"over/by-what-was-before", over,
			send(zipped(typ.op, new(blocks).stored(most.Payload, false).finish()), zipped(typ.op, second.end().finish())).want(most)))
		add(fails(1009, "", name+"payload-announced", "a payload that no message within the limit needs is not waited for",
			send(Frame{Fin: true, RSV: RSV1, Op: typ.op}.announcing(1<<40))))
	}
	return all
}
