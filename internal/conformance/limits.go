package conformance

import (
	"fmt"
	"math"
)

// limits is about sizes and numbers.
func limits(scale Scale) []Case {
	const why = "messages of any size and in any number arrive whole and in order"
	sizes := []int{64 << 10, 256 << 10, 1 << 20, 4 << 20, 8 << 20, 16 << 20}
	fragmented, count, largeCount := 4<<20, 1000, 1000
	switch scale {
	case Raced:
		fragmented, largeCount = 1<<20, 100
	case Short:
		sizes, fragmented, count, largeCount = sizes[:3], 1<<20, 50, 50
	}
	var all []Case
	add := func(name string, steps ...Step) { all = append(all, well("5.2", name, why, steps...)) }
	for _, typ := range types {
		for _, size := range sizes {
			add(fmt.Sprintf("size/%s/%d", typ.name, size), send(message(typ.op, size, 1)).echoed())
		}
		octets := message(typ.op, 64<<10, 2)
		add("fragments/"+typ.name+"/65536-by-1", send(octets.fragments(1)...).want(octets))
		whole := message(typ.op, fragmented, 2)
		for _, size := range []int{64, 256, 1 << 10, 4 << 10, 16 << 10, 64 << 10, 256 << 10, 1 << 20, 4 << 20} {
			if size > fragmented {
				continue
			}
			add(fmt.Sprintf("fragments/%s/%d-by-%d", typ.name, fragmented, size), send(whole.fragments(size)...).want(whole))
		}
		chopped := message(typ.op, 1<<20, 3)
		for _, size := range []int{64, 128, 256, 512, 1024, 2048} {
			add(fmt.Sprintf("writes/%s/%d-by-%d", typ.name, 1<<20, size), send(chopped).chop(Chop(size)).echoed())
		}
		for _, size := range []int{0, 16, 64, 256, 1024, 4096, 16384, 65536} {
			n := count
			if size > 4096 {
				n = largeCount
			}
			var many []Frame
			for i := range n {
				many = append(many, message(typ.op, size, i))
			}
			add(fmt.Sprintf("many/%s/%d-of-%d", typ.name, n, size), send(many...).echoed())
		}
	}
	return of(Limits, append(all, overLimit()...)...)
}

// overLimit is about a read limit of 1,000 bytes.
func overLimit() []Case {
	const (
		limit = 1000
		over  = "a message over the limit fails the connection with 1009, from its announcement on"
		exact = "a message of just the limit is delivered"
	)
	var all []Case
	add := func(c Case) {
		c.Limit = limit
		all = append(all, c)
	}
	for _, typ := range types {
		most, more := message(typ.op, limit, 1), message(typ.op, limit+1, 1)
		add(well("7.4.1", "limit/exact/"+typ.name, exact, send(most, most).echoed()))
		add(well("7.4.1", "limit/exact-in-fragments/"+typ.name, exact, send(most.fragments(7)...).want(most)))
		add(fails(1009, "7.4.1", "limit/one-over/"+typ.name, over, send(more)))
		add(fails(1009, "7.4.1", "limit/one-over-in-fragments/"+typ.name, over, send(more.fragments(limit)...)))
		add(fails(1009, "7.4.1", "limit/one-over-in-small-fragments/"+typ.name, over, send(more.fragments(7)...)))
		add(fails(1009, "7.4.1", "limit/announced/"+typ.name, over, send(more).hold(limit+1)))
		add(fails(1009, "7.4.1", "limit/after-message/"+typ.name, over, send(most, more).want(most)))
		for _, n := range []uint64{1 << 16, 1 << 31, 1 << 32, 1 << 62, math.MaxInt64} {
			f := Frame{Fin: true, Op: typ.op}
			add(fails(1009, "7.4.1", fmt.Sprintf("limit/announcing-%d/%s", n, typ.name), over, send(f.announcing(n))))
		}
	}
	add(fails(1009, "7.4.1", "limit/sum-overflows", over, send(text("a").more(), rest("").announcing(math.MaxInt64))))
	return all
}
