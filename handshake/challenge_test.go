package handshake

import (
	"slices"
	"testing"
)

func TestAuthSchemes(t *testing.T) {
	for _, tt := range []struct {
		name   string
		values []string
		want   []string
	}{
		{"none", nil, nil},
		{"empty", []string{"", " , "}, nil},
		{"one", []string{`Basic realm="proxy"`}, []string{"Basic"}},
		{"a scheme alone", []string{"Negotiate"}, []string{"Negotiate"}},
		{"two fields", []string{"Negotiate", "NTLM"}, []string{"Negotiate", "NTLM"}},
		{"RFC 9110 section 11.6.1: two challenges in one field", []string{`Basic realm="simple", Newauth realm="apps", type=1, title="Login to \"apps\""`},
			[]string{"Basic", "Newauth"}},
		{"parameters", []string{`Digest realm="a, Basic b", nonce = "c", algorithm=MD5`, `Basic realm="x"`}, []string{"Digest", "Basic"}},
		{"token68", []string{"Negotiate YIIB+/==, NTLM TlRMTVNTUAAC=="}, []string{"Negotiate", "NTLM"}},
		{"twice, in another case", []string{`Basic realm="a"`, `basic realm="b"`}, []string{"Basic"}},
		{"a quote that does not end", []string{`Basic realm="a, Digest b`}, []string{"Basic"}},
		{"no scheme", []string{`realm="x"`, `"Basic"`, "=", "\x00 x", `Ba"sic`}, nil},
	} {
		if got := AuthSchemes(tt.values); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
