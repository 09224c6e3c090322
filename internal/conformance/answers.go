package conformance

import (
	"fmt"
	"slices"
	"strings"
)

// answeredWith is a case of a client target that wants d and is answered agree.
func answeredWith(d *Deflate, agree, section, name, why string, steps ...Step) Case {
	c := rfc7692(section, well("", "answer/"+name, why, steps...)).only(Client)
	c.Compression, c.Agree = d, agree
	return c
}

// legalAnswers is about answers that a client takes.
func legalAnswers() []Case {
	const (
		why     = "a server may add these to its answer unasked"
		lenient = "a server that leaves out what it was asked for is taken as it is"
	)
	var all []Case
	for bits := 8; bits <= 15; bits++ {
		n := fmt.Sprint(bits)
		all = append(all,
			answeredWith(&largest, pd("server_max_window_bits="+n), "7.1.2.1", "server_max_window_bits="+n, why, traffic(bits)...),
			answeredWith(&largest, pd("client_max_window_bits="+n), "7.1.2.2", "client_max_window_bits="+n, why, traffic(bits)...))
		asked := Deflate{ServerMaxWindowBits: bits, ClientMaxWindowBits: bits}
		all = append(all,
			answeredWith(&asked, pd(""), "7.1.2.1", "windows-of-"+n+"-left-out", lenient, traffic(bits)...),
			answeredWith(&asked, pd("client_max_window_bits=15"), "7.1.2.2", "client-window-of-"+n+"-kept",
				"a client that offered a window does not use a larger one, whatever it may", traffic(bits)...),
			answeredWith(&asked, pd("server_max_window_bits=8; client_max_window_bits=8"), "7.1.2", "smaller-than-"+n, "a server may choose smaller windows", traffic(8)...))
	}
	for bits := 8; bits < 15; bits++ {
		d := Deflate{ServerMaxWindowBits: bits, ClientMaxWindowBits: 15}
		all = append(all, answeredWith(&d, pd(fmt.Sprint("server_max_window_bits=", bits+1)), "7.1.2.1", fmt.Sprintf("larger-than-%d", bits),
			"a server may agree to the offer that names no window, made for those that cannot limit theirs, and name one", traffic(bits+1)...))
	}
	for _, t := range takeovers {
		d := largest
		d.ServerNoContextTakeover, d.ClientNoContextTakeover = t.serverNo, t.clientNo
		all = append(all,
			answeredWith(&largest, d.answer(), "7.1.1", t.name+"/unasked", why, traffic(15)...),
			answeredWith(&d, pd(""), "7.1.1", t.name+"/left-out", lenient, traffic(15)...))
	}
	all = append(all,
		answeredWith(&largest, "", "5.1", "none", "a server need not agree", negotiatedPlain()...),
		answeredWith(&Deflate{}, "", "5.1", "none-to-defaults", "a server need not agree", negotiatedPlain()...))
	unmet := answeredWith(&largest, "", "5.1", "none/rsv1", "where nothing was agreed on RSV1 is reserved", send(zipped(OpText, hello)))
	unmet.End = End{Kind: Failed, Code: 1002}
	return append(all, unmet)
}

// illegalAnswers is about answers that fail the connection.
func illegalAnswers() []Case {
	const why = "a client fails the connection when the server's answer is not one to its offer"
	var all []Case
	add := func(d *Deflate, name, answer string) {
		c := answeredWith(d, answer, "7.1", "illegal/"+strings.ReplaceAll(name, " ", "_"), why)
		c.End.Kind = Refused
		all = append(all, c)
	}
	for _, bad := range append(slices.Clone(badParams), "client_max_window_bits", "client_max_window_bits; client_max_window_bits=9") {
		add(&largest, bad, pd(bad))
	}
	for _, m := range malformed {
		add(&largest, m, m)
	}
	for _, other := range []string{"x-unknown", "permessage-deflate-2", "x-webkit-deflate-frame", pd("") + ", x-unknown", "x-unknown, " + pd(""),
		pd("") + ", " + pd(""), pd("server_max_window_bits=9") + ", " + pd("server_max_window_bits=10")} {
		add(&largest, other, other)
	}
	add(&largest, "two-fields", pd("")+"\n"+pd(""))
	add(nil, "off/"+deflateName, pd(""))
	add(nil, "off/window", pd("client_max_window_bits=10"))
	add(nil, "off/x-unknown", "x-unknown")
	return all
}
