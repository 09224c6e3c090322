package conformance

import (
	"fmt"
	"slices"
	"strings"
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
		sizes, count = []int{16, 256, 4 << 10}, 1
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
		for _, t := range takeovers {
			d := Deflate{ServerNoContextTakeover: t.serverNo, ClientNoContextTakeover: t.clientNo, ServerMaxWindowBits: bits, ClientMaxWindowBits: bits}
			for k, kind := range bodies {
				name := fmt.Sprintf("windows/%d/%s/%s", bits, t.name, kind.name)
				add(name, d, Echo, exchange(k, count, 0, sizes...))
				add(name+"/in-fragments", d, Stream, exchange(k, count, 300, sizes...))
			}
		}
		for client := 8; client <= 15; client++ {
			d := Deflate{ServerMaxWindowBits: bits, ClientMaxWindowBits: client}
			add(fmt.Sprintf("windows/server-%d-client-%d", bits, client), d, Echo, traffic(min(bits, client))...)
		}
	}
	return all
}

// traffic has messages of all kinds, and such as tempt a sender to refer farther
// back than the smaller window.
func traffic(bits int) []Step {
	var steps []Step
	for k := range bodies {
		steps = append(steps, exchange(k, 2, 0, 30, 300, 3000))
	}
	size := window(bits) + 1
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
			all = append(all, rfc7692("7.1.2", well("", fmt.Sprintf("edge/%d/%s", bits, name), why, steps...).agreeing(d)))
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

// offered is a case of a server target with d, which is offered something and has to
// answer agree.
func offered(d Deflate, offer, agree, section, name, why string, steps ...Step) Case {
	c := rfc7692(section, well("", name, why, steps...)).only(Server)
	c.Compression, c.Offer, c.Agree = &d, offer, agree
	return c
}

// pd is permessage-deflate with parameters.
func pd(params string) string {
	if params == "" {
		return deflateName
	}
	return deflateName + "; " + params
}

// offers is about offers that a server accepts.
func offers() []Case {
	const why = "a server accepts an offer and answers with what it agrees to"
	both := func(server, client int) Deflate {
		return Deflate{ServerMaxWindowBits: server, ClientMaxWindowBits: client}
	}
	var all []Case
	add := func(section, name string, d Deflate, offer, agree string) {
		agreed, err := parseDeflates(agree, false)
		if err != nil {
			panic(err) // the answers are constants
		}
		bits := min(window(agreed[0].serverBits), window(agreed[0].clientBits))
		all = append(all, offered(d, offer, agree, section, "offer/"+name, why, traffic(bitsOf(bits))...))
	}
	add("7.1", "plain", largest, pd(""), pd(""))
	add("7.1", "spaces", largest, " permessage-deflate ;server_max_window_bits = 10;  client_max_window_bits ", pd("server_max_window_bits=10"))
	add("7.1", "quoted", largest, pd(`server_max_window_bits="10"`), pd("server_max_window_bits=10"))
	add("7.1.1.1", "server_no_context_takeover", largest, pd("server_no_context_takeover"), pd("server_no_context_takeover"))
	add("7.1.1.2", "client_no_context_takeover", largest, pd("client_no_context_takeover"), pd("client_no_context_takeover"))
	add("7.1.1", "both_no_context_takeover", largest, pd("client_no_context_takeover; server_no_context_takeover"),
		pd("server_no_context_takeover; client_no_context_takeover"))
	for bits := 8; bits <= 15; bits++ {
		n := fmt.Sprint(bits)
		add("7.1.2.1", "server_max_window_bits="+n, largest, pd("server_max_window_bits="+n), pd("server_max_window_bits="+n))
		add("7.1.2.1", "server_max_window_bits="+n+"-wish-11", both(11, 15), pd("server_max_window_bits="+n), pd(fmt.Sprint("server_max_window_bits=", min(bits, 11))))
		small := pd(fmt.Sprint("client_max_window_bits=", bits))
		if bits == 15 {
			small = pd("")
		}
		add("7.1.2.2", "client_max_window_bits="+n, largest, pd("client_max_window_bits="+n), small)
		add("7.1.2.2", "client_max_window_bits-wish-"+n, both(15, bits), pd("client_max_window_bits"), small)
		add("7.1.2.2", "client_max_window_bits="+n+"-wish-11", both(15, 11), pd("client_max_window_bits="+n), pd(fmt.Sprint("client_max_window_bits=", min(bits, 11))))
		if bits < 15 {
			add("7.1.2.2", "client-cannot-limit-to-"+n, both(15, bits), pd(""), pd("client_no_context_takeover"))
			add("7.1", "everything-"+n, largest, pd("server_no_context_takeover; client_no_context_takeover; server_max_window_bits="+n+"; client_max_window_bits="+n),
				pd("server_no_context_takeover; client_no_context_takeover; server_max_window_bits="+n+"; client_max_window_bits="+n))
		}
	}
	for _, t := range takeovers[1:] {
		d := largest
		d.ServerNoContextTakeover, d.ClientNoContextTakeover = t.serverNo, t.clientNo
		add("7.1.1", "wish-"+t.name, d, pd(""), d.answer())
	}
	for _, bad := range badParams {
		good := pd("server_max_window_bits=10; client_max_window_bits=9")
		add("7.1", "fallback/"+bad, largest, pd(bad)+", "+good, good)
	}
	good := pd("server_max_window_bits=9")
	add("5.1", "first-of-two", largest, good+", "+pd("server_max_window_bits=14"), good)
	add("5.1", "behind-another-extension", largest, "x-unknown; a=1; b, "+good, good)
	add("5.1", "before-another-extension", largest, good+", x-unknown", good)
	add("5.1", "third-of-three", largest, pd("server_max_window_bits=7")+", "+pd("unknown")+", "+good, good)
	add("5.1", "two-fields", largest, pd("unknown")+"\n"+good, good)
	add("5.1", "two-fields-both-good", largest, good+"\n"+pd(""), good)
	add("5.1", "empty-elements", largest, ", ,"+good+", ,", good)
	return all
}

// answer is how a server target with d answers an offer without parameters.
func (d Deflate) answer() string { return Case{}.agreeing(d).Agree }

func bitsOf(size int) (bits int) {
	for window(bits+1) <= size {
		bits++
	}
	return bits
}

// badParams are wrong in an offer, and in an answer too.
var badParams = []string{
	"unknown", "unknown=8", "Server_No_Context_Takeover", "window_bits=10", "server_max_window_bits",
	"server_max_window_bits=7", "server_max_window_bits=16", "server_max_window_bits=08", "server_max_window_bits=0", "server_max_window_bits=a",
	"server_max_window_bits=-9", "server_max_window_bits=+9", "server_max_window_bits=9.0", "server_max_window_bits=0x9", "server_max_window_bits=999",
	"server_max_window_bits=18446744073709551625", "client_max_window_bits=7", "client_max_window_bits=16", "client_max_window_bits=09",
	"client_max_window_bits=0", "client_max_window_bits=-8", "client_max_window_bits=x", "client_max_window_bits=4294967305",
	"server_no_context_takeover=1", "server_no_context_takeover=true", "client_no_context_takeover=0", "client_no_context_takeover=true",
	"server_no_context_takeover; server_no_context_takeover", "client_no_context_takeover; client_no_context_takeover",
	"server_max_window_bits=10; server_max_window_bits=10", "server_max_window_bits=10; server_max_window_bits=11",
	"client_max_window_bits=10; client_max_window_bits=10", "server_max_window_bits=10; unknown", "client_no_context_takeover; server_max_window_bits=7",
}

// malformed are no lists of extensions (RFC 6455 section 9.1).
var malformed = []string{"permessage-deflate;", "permessage-deflate; =8", "permessage-deflate; server_max_window_bits=", `permessage-deflate; server_max_window_bits="`,
	`permessage-deflate; server_max_window_bits=""`, "permessage-deflate server_no_context_takeover", "permessage deflate", ";", `permessage-deflate; a="b c"`}

// declined is about offers that a server does not accept, and yet answers.
func declined() []Case {
	const (
		why   = "an offer that is not as it should be is declined, and the connection works without"
		unmet = "where nothing was agreed on RSV1 is reserved"
	)
	var all []Case
	add := func(name, offer string, c *Deflate) {
		for _, r := range []Case{
			well("", name, why, negotiatedPlain()...),
			fails(1002, "", name+"/rsv1", unmet, send(text("good"), zipped(OpText, hello)).want(text("good"))),
		} {
			r.Compression, r.Offer, r.Only = c, offer, Server
			r.Name = "declined/" + r.Name
			all = append(all, rfc7692("7.1", r))
		}
	}
	for _, bad := range badParams {
		add(bad, pd(bad), &largest)
	}
	doubled := "client_max_window_bits; client_max_window_bits"
	add(doubled, pd(doubled), &largest)
	for _, other := range []string{"x-unknown", "permessage-deflate-2", "x-webkit-deflate-frame", "permessage-bzip2; a=1", "Permessage-Deflate"} {
		add("another/"+other, other, &largest)
	}
	add("all-bad", pd("unknown")+", "+pd("server_max_window_bits=7")+", "+pd("client_no_context_takeover=1"), &largest)
	add("nothing-offered", "", &largest)
	add("off", pd("client_max_window_bits"), nil)
	for _, m := range malformed {
		c := offered(largest, m, "", "7.1", "malformed/"+strings.ReplaceAll(m, " ", "_"), "what is no list of extensions refuses the handshake (RFC 6455 section 9.1)")
		c.End = End{Kind: Refused, Code: 400}
		all = append(all, c)
	}
	return all
}

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
	for bits := 8; bits < 15; bits++ {
		d := Deflate{ServerMaxWindowBits: bits, ClientMaxWindowBits: 15}
		add(&d, fmt.Sprintf("server_max_window_bits-larger-than-%d", bits), pd(fmt.Sprint("server_max_window_bits=", bits+1)))
	}
	return all
}
