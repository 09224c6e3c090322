package handshake

import (
	"errors"
	"strings"
	"testing"

	"github.com/twinws/ws/api"
)

func parsed(t testing.TB, value string) []Extension {
	t.Helper()
	all, err := ParseExtensions([]string{value})
	if err != nil {
		t.Fatalf("%q: %v", value, err)
	}
	return all
}

// written is what goes on the wire.
func written(all ...Extension) string { return string(AppendExtensions(nil, all)) }

// RFC 7692 section 5.1: offers in order of preference.
func TestDeflateOffer(t *testing.T) {
	for _, c := range []struct {
		section string
		o       DeflateOptions
		want    string
	}{
		{"7.1.2: the defaults", DeflateOptions{},
			"permessage-deflate; client_max_window_bits=13"}, // one: libsoup 3.2 agrees to each of two
		{"7.1.2: a window for the server", DeflateOptions{ServerMaxWindowBits: 13},
			"permessage-deflate; client_max_window_bits=13; server_max_window_bits=13, permessage-deflate; client_max_window_bits=13"},
		{"7.1.2: the largest windows", DeflateOptions{ServerMaxWindowBits: 15, ClientMaxWindowBits: 15},
			"permessage-deflate; client_max_window_bits"},
		{"7.1.1: no takeover", DeflateOptions{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 15, ClientMaxWindowBits: 15},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"},
		{"7.1.1: no takeover, of which no window is kept", DeflateOptions{ServerNoContextTakeover: true, ClientNoContextTakeover: true},
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; client_max_window_bits"},
		{"7.1.2: the smallest windows", DeflateOptions{ServerMaxWindowBits: 8, ClientMaxWindowBits: 8, ServerNoContextTakeover: true},
			"permessage-deflate; server_no_context_takeover; client_max_window_bits=8; server_max_window_bits=8, " +
				"permessage-deflate; server_no_context_takeover; client_max_window_bits=8"},
	} {
		if got := written(c.o.Offer()...); got != c.want {
			t.Errorf("%s: %q\nwant %q", c.section, got, c.want)
		}
	}
}

// Sections 5.1 and 7.1: what a server agrees to.
func TestDeflateAnswer(t *testing.T) {
	const pd = "permessage-deflate"
	none := DeflateOptions{}
	for _, c := range []struct {
		section string
		o       DeflateOptions
		offers  string
		answer  string // "": declined
		agreed  Deflate
	}{
		{"5.1: nothing offered", none, "", "", Deflate{}},
		{"5.1: another extension", none, "x-webkit-deflate-frame", "", Deflate{}},
		{"5.1: behind another extension", none, "mux; a, " + pd + "; client_max_window_bits", pd + "; client_max_window_bits=13", Deflate{false, false, 13, 13}},
		{"7.1.2.2: a client that cannot be limited, as Firefox, has its 15 bits", none, pd, pd, Deflate{false, false, 13, 15}},
		{"7.1.2.2: and when it asks for the server's window", none, pd + "; server_max_window_bits=10", pd + "; server_max_window_bits=10", Deflate{false, false, 10, 15}},
		{"7.1.2.2: a bound that is named holds: such a client is not to use its context", DeflateOptions{ClientMaxWindowBits: 13}, pd, pd + "; client_no_context_takeover", Deflate{false, true, 13, 15}},
		{"7.1.2.2: unless the bound is what it uses", DeflateOptions{ClientMaxWindowBits: 15}, pd, pd, Deflate{false, false, 13, 15}},
		{"7.1.1.2: one that the server wants no takeover of", DeflateOptions{ClientNoContextTakeover: true}, pd, pd + "; client_no_context_takeover", Deflate{false, true, 13, 15}},
		{"7.1.2.2: what browsers offer", none, pd + "; client_max_window_bits", pd + "; client_max_window_bits=13", Deflate{false, false, 13, 13}},
		{"7.1.2.2: nothing to limit", DeflateOptions{ClientMaxWindowBits: 15}, pd + "; client_max_window_bits", pd, Deflate{false, false, 13, 15}},
		{"7.1.2.2: the client's hint is smaller", none, pd + "; client_max_window_bits=9", pd + "; client_max_window_bits=9", Deflate{false, false, 13, 9}},
		{"7.1.2.2: the server's wish is smaller", DeflateOptions{ClientMaxWindowBits: 8}, pd + "; client_max_window_bits=15", pd + "; client_max_window_bits=8", Deflate{false, false, 13, 8}},
		{"7.1.2.1: asked for 8", none, pd + "; server_max_window_bits=8; client_max_window_bits", pd + "; server_max_window_bits=8; client_max_window_bits=13", Deflate{false, false, 8, 13}},
		{"7.1.2.1: asked for 15", none, pd + "; server_max_window_bits=15; client_max_window_bits", pd + "; server_max_window_bits=15; client_max_window_bits=13", Deflate{false, false, 15, 13}},
		{"7.1.2.1: asked for more than the options allow", DeflateOptions{ServerMaxWindowBits: 9}, pd + "; server_max_window_bits=12; client_max_window_bits", pd + "; server_max_window_bits=9; client_max_window_bits=13", Deflate{false, false, 9, 13}},
		{"7.1.2.1: a quoted value", none, pd + `; server_max_window_bits="10"; client_max_window_bits`, pd + "; server_max_window_bits=10; client_max_window_bits=13", Deflate{false, false, 10, 13}},
		{"7.1.1: both asked for", none, pd + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
			pd + "; server_no_context_takeover; client_no_context_takeover", Deflate{true, true, 15, 15}},
		{"7.1.1: both wished for by the server", DeflateOptions{ServerNoContextTakeover: true, ClientNoContextTakeover: true}, pd + "; client_max_window_bits",
			pd + "; server_no_context_takeover; client_no_context_takeover", Deflate{true, true, 15, 15}},
		{"7.1.1: one asked for", none, pd + "; client_no_context_takeover; client_max_window_bits=12",
			pd + "; client_no_context_takeover; client_max_window_bits=12", Deflate{false, true, 13, 12}},
		{"7.1.1: in the server's windows", DeflateOptions{ServerMaxWindowBits: 12, ClientMaxWindowBits: 11}, pd + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits",
			pd + "; server_no_context_takeover; client_no_context_takeover; client_max_window_bits=11", Deflate{true, true, 12, 11}},
		{"5.1: the first that can be accepted", none, pd + "; server_max_window_bits=7, " + pd + "; server_max_window_bits=10; client_max_window_bits, " + pd,
			pd + "; server_max_window_bits=10; client_max_window_bits=13", Deflate{false, false, 10, 13}},
	} {
		t.Run(c.section, func(t *testing.T) {
			agreed, answer, ok := c.o.Answer(parsed(t, c.offers))
			if ok != (c.answer != "") || agreed != c.agreed {
				t.Errorf("%+v, %t; want %+v", agreed, ok, c.agreed)
			}
			if got := written(answer); got != c.answer {
				t.Errorf("answered %q\nwant     %q", got, c.answer)
			}
		})
	}
}

// badParams are what HOSTILE row 5 names, and its like: wrong in an offer and
// in an answer alike.
var badParams = []struct{ section, params string }{
	{"7.1.2.1: 0", "server_max_window_bits=0"},
	{"7.1.2.1: 7", "server_max_window_bits=7"},
	{"7.1.2.1: 16", "server_max_window_bits=16"},
	{"7.1.2.1: 999", "server_max_window_bits=999"},
	{"7.1.2.1: more than an int", "server_max_window_bits=99999999999999999999"},
	{"7.1.2.1: not a number", "server_max_window_bits=a"},
	{"7.1.2.1: a leading zero", "server_max_window_bits=08"},
	{"7.1.2.1: a leading zero before two digits", "server_max_window_bits=010"},
	{"7.1.2.1: a sign", "server_max_window_bits=+9"},
	{"7.1.2.1: a minus", "server_max_window_bits=-9"},
	{"7.1.2.1: no value", "server_max_window_bits"},
	{"7.1: twice", "server_max_window_bits=10; server_max_window_bits=10"},
	{"7.1.2.2: 7", "client_max_window_bits=7"},
	{"7.1.2.2: 16", "client_max_window_bits=16"},
	{"7.1.2.2: not a number", "client_max_window_bits=true"},
	{"7.1.2.2: a leading zero", "client_max_window_bits=09"},
	{"7.1: twice, one without a value", "client_max_window_bits=10; client_max_window_bits"},
	{"7.1.1.1: a value", "server_no_context_takeover=1"},
	{"7.1.1.2: a value", "client_no_context_takeover=true"},
	{"7.1: server_no_context_takeover twice", "server_no_context_takeover; server_no_context_takeover"},
	{"7.1: client_no_context_takeover twice", "client_no_context_takeover; client_no_context_takeover"},
	{"7.1: an unknown parameter", "constructor"},
	{"7.1: names have case", "Server_No_Context_Takeover"},
}

// Hostile row 5, against a server: section 7.1 wants the offer declined.
func TestDeflateBadOffer(t *testing.T) {
	for _, c := range badParams {
		offers := parsed(t, "permessage-deflate; "+c.params)
		if agreed, answer, ok := (DeflateOptions{}).Answer(offers); ok || agreed != (Deflate{}) || answer.Name != "" {
			t.Errorf("%s: agreed to %+v", c.section, agreed)
		}
		// What is behind it has not suffered.
		if _, _, ok := (DeflateOptions{}).Answer(append(offers, Extension{Name: deflateName})); !ok {
			t.Errorf("%s: the next offer was declined as well", c.section)
		}
	}
}

// Hostile row 5, against a client: sections 5.1 and 7.1 want the handshake
// failed.
func TestDeflateBadAnswer(t *testing.T) {
	bad := []struct{ section, answer, problem string }{
		{"RFC 6455 section 4.1: nobody offered it", "x-webkit-deflate-frame", `"x-webkit-deflate-frame", which was not offered`},
		{"RFC 6455 section 4.1: nobody offered the second", "permessage-deflate, mux", `"mux", which was not offered`},
		{"5.1: twice", "permessage-deflate, permessage-deflate", "more than once"},
		{"7.1.2.2: in an answer it needs a value", "permessage-deflate; client_max_window_bits", `"client_max_window_bits"`},
	}
	for _, c := range badParams {
		name := c.params[:strings.IndexAny(c.params+"=", "=;")]
		bad = append(bad, struct{ section, answer, problem string }{c.section, "permessage-deflate; " + c.params, name})
	}
	for _, c := range bad {
		agreed, ok, err := DeflateOptions{}.Confirm(parsed(t, c.answer))
		failed, is := errors.AsType[*api.HandshakeError](err)
		if ok || agreed != (Deflate{}) || !is || !strings.Contains(failed.Problem, c.problem) {
			t.Errorf("%s: %+v, %t, %v; want a problem with %q", c.section, agreed, ok, err, c.problem)
		}
	}
}

// Sections 5.1 and 7.1: what a client agrees to, whatever is left out or added.
func TestDeflateConfirm(t *testing.T) {
	none := DeflateOptions{}
	all := DeflateOptions{ServerNoContextTakeover: true, ClientNoContextTakeover: true, ServerMaxWindowBits: 9, ClientMaxWindowBits: 10}
	for _, c := range []struct {
		section string
		o       DeflateOptions
		answer  string
		agreed  Deflate
	}{
		{"5.1: every parameter as asked", all,
			"permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=9; client_max_window_bits=10", Deflate{true, true, 9, 10}},
		{"7.1: everything left out: the server does as it likes, this side as it said", all, "permessage-deflate", Deflate{false, true, 15, 10}},
		{"7.1.1.1: added", none, "permessage-deflate; server_no_context_takeover", Deflate{true, false, 15, 13}},
		{"7.1.1.2: added", none, "permessage-deflate; client_no_context_takeover", Deflate{false, true, 15, 13}},
		{"7.1.2.1: smaller than asked for", none, "permessage-deflate; server_max_window_bits=8", Deflate{false, false, 8, 13}},
		{"7.1.2.1: larger than the first offer's, to the second", none, "permessage-deflate; server_max_window_bits=14", Deflate{false, false, 14, 13}},
		{"7.1.2.1: added", DeflateOptions{ServerMaxWindowBits: 15}, "permessage-deflate; server_max_window_bits=15", Deflate{false, false, 15, 13}},
		{"7.1.2.2: smaller than the hint", none, "permessage-deflate; client_max_window_bits=8", Deflate{false, false, 15, 8}},
		{"7.1.2.2: larger than the hint, which stays", none, "permessage-deflate; client_max_window_bits=15", Deflate{false, false, 15, 13}},
	} {
		if agreed, ok, err := c.o.Confirm(parsed(t, c.answer)); !ok || err != nil || agreed != c.agreed {
			t.Errorf("%s: %+v, %t, %v; want %+v", c.section, agreed, ok, err, c.agreed)
		}
	}
	if agreed, ok, err := none.Confirm(nil); ok || err != nil || agreed != (Deflate{}) {
		t.Errorf("5.1: no answer: %+v, %t, %v", agreed, ok, err)
	}
}

// agree holds the handshake of a client and a server together: whatever the
// server answers, the client confirms, and each can receive what the other
// sends.
func agree(t *testing.T, client, server DeflateOptions) {
	t.Helper()
	offers := parsed(t, written(client.Offer()...)) // by way of the wire
	theirs, answer, ok := server.Answer(offers)
	if !ok {
		t.Fatalf("%+v declined what %+v offers", server, client)
	}
	ours, ok, err := client.Confirm(parsed(t, written(answer)))
	switch {
	case !ok || err != nil:
		t.Fatalf("%+v does not confirm %q: %v", client, written(answer), err)
	case ours.ServerMaxWindowBits < theirs.ServerMaxWindowBits || theirs.ClientMaxWindowBits < ours.ClientMaxWindowBits:
		t.Fatalf("a window is larger than its receiver thinks: client %+v, server %+v", ours, theirs)
	case ours.ServerNoContextTakeover && !theirs.ServerNoContextTakeover, theirs.ClientNoContextTakeover && !ours.ClientNoContextTakeover:
		t.Fatalf("one side uses a context that the other has not kept: client %+v, server %+v", ours, theirs)
	case theirs.ClientMaxWindowBits > server.clientBits() && !theirs.ClientNoContextTakeover:
		t.Fatalf("the server has to hold more than it wants: %+v", theirs)
	case client.ServerMaxWindowBits > 0 && ours.ServerMaxWindowBits > client.serverBits() || ours.ClientMaxWindowBits > client.clientBits():
		t.Fatalf("our own server gave more than was asked for: %+v", ours)
	}
}

func TestDeflateAgree(t *testing.T) {
	bits := []int{0, 8, 9, 10, 11, 12, 13, 14, 15}
	for i := range len(bits) * len(bits) * 16 {
		one, two := bits[i%len(bits)], bits[i/len(bits)%len(bits)]
		flags := i / len(bits) / len(bits)
		client := DeflateOptions{flags&1 != 0, flags&2 != 0, one, two}
		for _, b := range bits {
			agree(t, client, DeflateOptions{flags&4 != 0, flags&8 != 0, b, two})
			agree(t, client, DeflateOptions{flags&4 != 0, flags&8 != 0, one, b})
		}
	}
}

// FuzzDeflate: no field makes either side panic; what is agreed is within its
// range, and what the server answers to its own options' offer is confirmed.
func FuzzDeflate(f *testing.F) {
	for _, c := range badParams {
		f.Add("permessage-deflate; "+c.params, uint8(13), uint8(0), false)
	}
	f.Add("permessage-deflate; server_max_window_bits=9, permessage-deflate; client_max_window_bits", uint8(0), uint8(15), true)
	f.Fuzz(func(t *testing.T, value string, server, client uint8, flag bool) {
		size := func(b uint8) int { return []int{0, 8, 9, 10, 11, 12, 13, 14, 15}[b%9] }
		o := DeflateOptions{flag, !flag, size(server), size(client)}
		agree(t, o, o)
		all, err := ParseExtensions([]string{value})
		if err != nil {
			return
		}
		if agreed, answer, ok := o.Answer(all); ok {
			inRange(t, agreed)
			if again := parsed(t, written(answer)); len(again) != 1 {
				t.Fatalf("the answer %q reads as %d extensions", written(answer), len(again))
			}
			if p, problem := parseDeflate(answer.Params, false); problem != "" || p.serverBits > 0 && p.serverBits != agreed.ServerMaxWindowBits {
				t.Fatalf("the answer %q is wrong: %s", written(answer), problem)
			}
		}
		if agreed, ok, err := o.Confirm(all); ok {
			inRange(t, agreed)
		} else if err == nil && len(all) > 0 {
			t.Fatalf("%q was passed over", value)
		}
	})
}

func inRange(t *testing.T, d Deflate) {
	t.Helper()
	for _, b := range []int{d.ServerMaxWindowBits, d.ClientMaxWindowBits} {
		if b < 8 || b > 15 {
			t.Fatalf("agreed on %d bits", b)
		}
	}
}
