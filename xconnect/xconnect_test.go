package xconnect

import "testing"

func TestWith(t *testing.T) {
	for v, want := range map[string]string{
		"":                                 "http2xconnect=1",
		"http2debug=1":                     "http2debug=1,http2xconnect=1",
		"http2debug=1,madvdontneed=1":      "http2debug=1,madvdontneed=1,http2xconnect=1",
		"nohttp2xconnect=1":                "nohttp2xconnect=1,http2xconnect=1",
		"http2xconnect=0":                  "",
		"http2xconnect=1":                  "",
		"http2debug=1,http2xconnect=0":     "",
		"http2xconnect=0,http2debug=1":     "",
		"a=1,http2xconnect=0,http2debug=1": "",
		",":                                ",,http2xconnect=1",
	} {
		got, changed := with(v)
		if changed != (want != "") || changed && got != want || !changed && got != v {
			t.Errorf("with(%q) = %q, %v", v, got, changed)
		}
	}
}
