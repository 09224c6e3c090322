package conformance

import (
	"strings"
	"testing"
)

// Offers and answers by RFC 7692 section 7.1.
func TestParseDeflates(t *testing.T) {
	for _, tt := range []struct {
		list  string
		offer bool
		want  []deflateParams
		err   string
	}{
		{"", true, nil, ""},
		{"permessage-deflate", false, []deflateParams{{}}, ""},
		{"permessage-deflate; client_max_window_bits", true, []deflateParams{{clientSized: true}}, ""},
		{"permessage-deflate; client_max_window_bits", false, nil, "wrong value"},
		{"permessage-deflate;client_max_window_bits=9; server_max_window_bits=15", false, []deflateParams{{clientSized: true, clientBits: 9, serverBits: 15}}, ""},
		{"permessage-deflate; server_no_context_takeover, permessage-deflate; client_no_context_takeover", true, []deflateParams{{serverNo: true}, {clientNo: true}}, ""},
		{"permessage-deflate, permessage-deflate", false, nil, "more than once"},
		{"permessage-deflate; server_max_window_bits=", true, nil, "wrong value"},
		{"x", false, nil, "is no permessage-deflate"},
	} {
		got, err := parseDeflates(tt.list, tt.offer)
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) {
				t.Errorf("%q: %v, want %q", tt.list, err, tt.err)
			}
			continue
		}
		if err != nil || len(got) != len(tt.want) {
			t.Errorf("%q = %v, %v; want %v", tt.list, got, err, tt.want)
			continue
		}
		for i := range got {
			if got[i] != tt.want[i] {
				t.Errorf("%q: element %d = %+v, want %+v", tt.list, i, got[i], tt.want[i])
			}
		}
	}
	for _, bad := range badParams {
		for _, offer := range []bool{false, true} {
			if got, err := parseDeflates(pd(bad), offer); err == nil {
				t.Errorf("%q, offered = %v, is read as %+v", bad, offer, got)
			}
		}
	}
}

// A client that offers other than it was told to is found out.
func TestCheckOffers(t *testing.T) {
	for _, tt := range []struct {
		name, offer string
		d           *Deflate
		want        string // in the error; "" for none
	}{
		{"off", "", nil, ""},
		{"off, and offered", pd("client_max_window_bits"), nil, "not told to"},
		{"on, and not offered", "", &largest, "no compression is offered"},
		{"as it should be", pd("client_max_window_bits"), &largest, ""},
		{"no way to limit the client", pd(""), &largest, "lacks client_max_window_bits"},
		{"another takeover", pd("client_max_window_bits; server_no_context_takeover"), &largest, "context takeover"},
		{"another window of the client", pd("client_max_window_bits=9"), &Deflate{ClientMaxWindowBits: 10}, "want 10"},
		{"another window of the server", pd("client_max_window_bits; server_max_window_bits=12"), &Deflate{ServerMaxWindowBits: 10}, "want 10"},
		{"no window of the server", pd("client_max_window_bits"), &Deflate{ServerMaxWindowBits: 10}, "want 10"},
		{"a fallback", pd("client_max_window_bits; server_max_window_bits=10") + ", " + pd("client_max_window_bits"), &Deflate{ServerMaxWindowBits: 10}, ""},
	} {
		offers, err := parseDeflates(tt.offer, true)
		if err != nil {
			t.Fatal(err)
		}
		err = tt.d.checkOffers(offers)
		if tt.want == "" && err != nil || tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
	}
}

// What binds both sides is the offer and the answer together.
func TestAccepted(t *testing.T) {
	for _, tt := range []struct {
		name, offer, answer string
		admits              bool
		want                deflateParams
	}{
		{"7.1: nothing added", pd(""), pd(""), true, deflateParams{}},
		{"7.1.2.1: a window unasked", pd(""), pd("server_max_window_bits=9"), true, deflateParams{serverBits: 9}},
		{"7.1.2.1: a larger one", pd("server_max_window_bits=9"), pd("server_max_window_bits=10"), false, deflateParams{}},
		{"7.1.2.1: left out", pd("server_max_window_bits=9"), pd(""), true, deflateParams{}},
		{"7.1.2.2: not offered", pd(""), pd("client_max_window_bits=9"), false, deflateParams{}},
		{"7.1.2.2: offered", pd("client_max_window_bits"), pd("client_max_window_bits=9"), true, deflateParams{clientSized: true, clientBits: 9}},
		{"7.1.2.2: a hint", pd("client_max_window_bits=9"), pd(""), true, deflateParams{clientBits: 9}},
		{"7.1.1.2: a hint", pd("client_no_context_takeover"), pd(""), true, deflateParams{clientNo: true}},
	} {
		o, err := parseDeflates(tt.offer, true)
		if err != nil {
			t.Fatal(err)
		}
		a, err := parseDeflates(tt.answer, false)
		if err != nil {
			t.Fatal(err)
		}
		if got := o[0].admits(a[0]); got != tt.admits {
			t.Errorf("%s: admits = %v", tt.name, got)
		} else if got && o[0].accepted(a[0]) != tt.want {
			t.Errorf("%s: %+v, want %+v", tt.name, o[0].accepted(a[0]), tt.want)
		}
	}
}
