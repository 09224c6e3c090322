package handshake

import "testing"

func TestChooseSubprotocol(t *testing.T) {
	for _, c := range []struct {
		name    string
		offers  []string
		server  []string
		want    string
		refused bool
	}{
		{"RFC 6455 section 4.2.2: none offered", nil, []string{"a"}, "", false},
		{"RFC 6455 section 4.2.2: none spoken", []string{"a"}, nil, "", false},
		{"RFC 6455 section 4.2.2: none in common", []string{"a, b"}, []string{"c"}, "", false},
		{"RFC 6455 section 1.9: the server's order decides", []string{"a, b, c"}, []string{"c", "a"}, "c", false},
		{"RFC 6455 section 11.3.4: on several lines", []string{"a", "b"}, []string{"b"}, "b", false},
		{"RFC 6455 section 1.9: names have case", []string{"Chat"}, []string{"chat"}, "", false},
		{"RFC 9110 section 5.6.1.2: empty elements", []string{" , ,a,\t"}, []string{"a"}, "a", false},
		{"RFC 6455 section 4.1 item 10: a name offered twice means no less", []string{"a, a"}, []string{"a"}, "a", false},
		{"RFC 6455 section 4.1 item 10: a space", []string{"a b"}, []string{"a"}, "", true},
		{"RFC 6455 section 4.1 item 10: behind the choice", []string{"a, b/c"}, []string{"a"}, "", true},
		{"RFC 6455 section 4.1 item 10: other than ASCII", []string{"\xE4"}, nil, "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var h Fields
			for _, v := range c.offers {
				h = append(h, Field{"sec-websocket-protocol", v})
			}
			got, err := chooseSubprotocol(h, c.server)
			if got != c.want || (err != nil) != c.refused || err != nil && err.Status != 400 {
				t.Errorf("got %q, %v", got, err)
			}
		})
	}
}
