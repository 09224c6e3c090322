package wasmtest

import (
	"time"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/api/apitest"
)

// home is an environment in which the js build runs. Its name is the one in
// tools/homes, and the value of WS_HOME.
type home struct {
	name    string
	differs apitest.Differences
}

// homes are all homes with their measured differences. The first is
// TestBrowser's, node22 is TestNode's. Package apitest documents the
// differences; HOMES.md says what they mean for a program.
var homes = []home{
	{"chromium-window", apitest.Differences{}},
	{"chromium-worker", apitest.Differences{}},
	{"chromium-shared", apitest.Differences{}},
	{"chromium-service", apitest.Differences{}},
	{"firefox-window", firefox},
	{"firefox-worker", firefox},
	{"webkit-window", webkit},
	{"webkit-worker", webkit},
	{"node22", apitest.Differences{
		DataAfterClose: apitest.Taken,
		ParallelDials:  true,
		OnlyUpgrade:    true, FoldsSubprotocols: true,
		LosesBOM: true,
		Answers: map[string]apitest.Outcome{
			"section 4.1 item 2: no Upgrade": apitest.Hangs, "section 4.1 item 3: no Connection": apitest.Hangs,
			"section 4.1 item 3: another Connection": apitest.Hangs,
		},
		Frames: apitest.Lengths(apitest.Hangs),
	}},
	{"node24", apitest.Differences{
		DataAfterClose: apitest.Taken,
		ParallelDials:  true,
		OnlyUpgrade:    true, FoldsSubprotocols: true,
		LosesBOM: true,
		Frames:   apitest.Lengths(apitest.Hangs),
	}},
	{"deno", apitest.Differences{
		DataAfterClose:    apitest.Taken,
		ParallelDials:     true,
		NoCompression:     true,
		OnlyUpgrade:       true,
		LostCodes:         []api.StatusCode{1014},
		FoldsSubprotocols: true,
		Answers: map[string]apitest.Outcome{
			"section 4.1 item 4: no Sec-WebSocket-Accept": apitest.Taken, "section 4.1 item 4: another key's": apitest.Taken,
			"section 4.1 item 5: an extension that was not offered": apitest.Taken,
		},
		Frames: map[string]apitest.Outcome{
			"section 5.1: a masked frame from the server": apitest.Taken, "125 in 16 bits": apitest.Hangs, "65535 in 64 bits": apitest.Hangs,
		},
	}},
	{"bun", apitest.Differences{
		DataAfterClose:    apitest.Taken,
		ParallelDials:     true,
		BufferedLate:      true,
		FoldsSubprotocols: true,
		Frames:            apitest.Lengths(apitest.Hangs),
	}},
	{"workerd", apitest.Differences{
		DataAfterClose: apitest.Taken,
		ParallelDials:  true,
		LateURL:        true,
		NoCloseEvent:   true,
		Answers: map[string]apitest.Outcome{
			"section 4.1 item 3: no Connection": apitest.Taken, "section 4.1 item 3: another Connection": apitest.Taken,
		},
		Frames: map[string]apitest.Outcome{
			"section 5.1: a masked frame from the server": apitest.Taken, "125 in 16 bits": apitest.Hangs, "65535 in 64 bits": apitest.Hangs,
			"section 5.5: a ping of 126 bytes":   apitest.Hangs,
			"section 5.5.1: a close of one byte": apitest.Taken,
			"section 7.4.2: close code 999":      apitest.Taken,
			"section 7.4.1: close code 1005":     apitest.Taken,
			"section 7.4.2: close code 5000":     apitest.Taken,
			"an invalid reason":                  apitest.Taken, "not UTF-8": apitest.Taken,
			"a lone continuation byte": apitest.Taken, "an overlong slash": apitest.Taken,
			"an overlong slash of three bytes": apitest.Taken, "a surrogate": apitest.Taken, "above U+10FFFF": apitest.Taken,
			"a byte that never occurs": apitest.Taken, "a character cut short": apitest.Taken,
		},
	}},
	{"jsdom", apitest.Differences{
		DataAfterClose: apitest.Taken,
		ParallelDials:  true,
		LosesBOM:       true,
		EmptyBinary:    true,
		OnlyUpgrade:    true, FoldsSubprotocols: true,
		Frames: apitest.Lengths(apitest.Hangs),
	}},
	{"happy-dom", apitest.Differences{
		DataAfterClose: apitest.Taken,
		ParallelDials:  true,
		ManyPings:      true,
		BufferedLate:   true,
		Frames:         apitest.Lengths(apitest.Hangs),
	}},
}

var firefox = apitest.Differences{
	DataAfterClose:       apitest.Taken,
	HidesUnasked:         true,
	KeepsGivenUp:         true,
	LosesBehindHandshake: true,
	TellsTLS:             true,
	Answers: map[string]apitest.Outcome{
		"section 4.1 item 1: another status":                     apitest.Hangs,
		"section 4.1 item 6: a subprotocol that was not offered": apitest.Taken,
	},
	Frames: map[string]apitest.Outcome{
		"section 5.1: a masked frame from the server": apitest.Taken,
		"section 5.5: a ping of 126 bytes":            apitest.Hangs,
		"section 5.5.1: a close of one byte":          apitest.Taken,
		"section 7.4.2: close code 999":               apitest.Taken,
		"section 7.4.1: close code 1005":              apitest.Taken,
		"section 7.4.2: close code 5000":              apitest.Taken,
	},
}

var webkit = apitest.Differences{
	DataAfterClose:   apitest.Taken,
	ParallelDials:    true,
	FollowsRedirects: true,
	CutsReasons:      true,
	LostCodes:        []api.StatusCode{1012, 1013, 1014},
	ClosesAlone:      4 * time.Second,
	Answers:          map[string]apitest.Outcome{"section 4.1 item 1: another status": apitest.Hangs},
	Frames: map[string]apitest.Outcome{
		"section 5.5: a ping of 126 bytes": apitest.Hangs,
		"2^63-1 bytes":                     apitest.Hangs, "2^62 bytes": apitest.Hangs, "2^32 bytes": apitest.Hangs,
	},
}

// homeNamed returns the home with that name, and whether there is one.
func homeNamed(name string) (h home, ok bool) {
	for _, h := range homes {
		if h.name == name {
			return h, true
		}
	}
	return home{}, false
}
