package conformance

import (
	"fmt"
	"strings"
)

// offered is a case of a server target with d, which is offered something and
// has to answer agree.
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
	add("7.1.2.2", "plain/to-the-defaults", both(0, 0), pd(""), pd(""))
	whole := message(OpBinary, window(15), 1)
	back := new(blocks).begin(fixedBlock, false).match(200, window(15)).end().finish()
	all = append(all, offered(both(0, 0), pd(""), pd(""), "7.1.2.2", "offer/plain/to-the-defaults/32768-bytes-back",
		"a client that cannot be told of a smaller window, and was not told to forget, may refer 32,768 bytes back",
		send(zipped(OpBinary, new(blocks).stored(whole.Payload, false).finish()), zipped(OpBinary, back)).want(whole, binaryOf(string(whole.Payload[:200])))))
	add("7.1.2.2", "no-client_max_window_bits/to-the-defaults", both(0, 0), pd("server_max_window_bits=13"), pd("server_max_window_bits=13"))
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
