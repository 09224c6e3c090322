package conformance

import (
	"fmt"
	"slices"
)

// framing is about messages of one frame, of every length that a header treats
// differently, in every way a stream may cut them.
func framing() []Case {
	const why = "a message of any length arrives whole, however the stream cuts it"
	var all []Case
	add := func(op byte, name string, size int, cut string, c Chop) {
		all = append(all, well("5.2", fmt.Sprintf("%s/%d/%s", name, size, cut), why,
			send(message(op, size, size)).chop(c).echoed()))
	}
	for _, typ := range types {
		for _, size := range []int{0, 1, 2, 3, 4, 5, 7, 8, 9, 124, 125, 126, 127, 128, 255, 256, 257,
			4095, 4096, 4097, 16383, 16384, 16385, 65534, 65535, 65536, 65537, 131072} {
			add(typ.op, typ.name, size, "at-once", AtOnce)
			if size <= 4097 {
				add(typ.op, typ.name, size, "octets", Octets)
			}
			if size >= 124 && size <= 4097 {
				add(typ.op, typ.name, size, "by-7", 7)
			}
			if size >= 4095 {
				add(typ.op, typ.name, size, "by-997", 997)
			}
			if size >= 65535 {
				add(typ.op, typ.name, size, "by-31", 31)
			}
		}
	}
	var ten []Frame
	for i, size := range []int{0, 1, 125, 126, 0, 65536, 127, 3, 65535, 16} {
		ten = append(ten, message(types[i%2].op, size, i))
	}
	for _, c := range append(slices.Clone(chops[:2]), struct {
		name string
		Chop
	}{"by-3", 3}) {
		all = append(all, well("5.2", "ten-in-a-row/"+c.name, "messages keep their order, their types and their ends",
			send(ten...).chop(c.Chop).echoed()))
	}
	return of(Framing, all...)
}
