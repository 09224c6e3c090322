package conformance

import "fmt"

// automatic is about messages that are fragmented by a writer's own choice.
func automatic() []Case {
	const (
		cut  = "a message may be sent in any number of fragments, and is the same"
		mine = "what a stream fragments obeys the rules of section 5.4, whatever comes meanwhile"
	)
	var all []Case
	for _, typ := range types {
		whole := message(typ.op, 65536, 1)
		for _, size := range []int{1300, 997, 4096} {
			all = append(all, well("5.4", fmt.Sprintf("65536-by-%d/%s", size, typ.name), cut, send(whole.fragments(size)...).want(whole)))
		}
		add := func(name string, steps ...Step) {
			c := well("5.4", "stream/"+name+"/"+typ.name, mine, steps...)
			c.Do = Stream
			all = append(all, c)
		}
		for _, size := range []int{0, 1, 125, 126, 16383, 16384, 16385, 65535, 65536, 65537, 1 << 20} {
			m := message(typ.op, size, size)
			add(fmt.Sprint(size), send(m, m).echoed())
			add(fmt.Sprintf("%d-in-fragments", size), send(m.fragments(1300)...).want(m))
		}
		m := message(typ.op, 200_000, 1)
		f := m.fragments(50_000)
		add("pings-between-fragments", send(f[0], ping("1"), f[1], ping("2"), f[2], ping("3"), f[3], ping("4")).
			want(pong("1"), pong("2"), pong("3"), pong("4"), m).anyOrder())
	}
	c := fails(1007, "8.1", "stream/fail-fast", notLater,
		send(text("streamed ").more(), ping("well")).want(pong("well")), send(rest("\xED\xA0").more()))
	c.Do = Stream
	return of(Automatic, append(all, c)...)
}
