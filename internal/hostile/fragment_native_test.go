//go:build !js

package hostile

import (
	"bytes"
	"net"
	"runtime/debug"
	"slices"
	"strings"
	"testing"

	"github.com/twinws/ws"
)

// maxFragments is the documented limit on the fragments of one message.
const maxFragments = 131_072

// TestRow04Fragments sends endless fragments of 0 or 1 byte. There is a limit
// on fragments per message, and no state for each: 1008. A message of as many
// as there may be is delivered.
func TestRow04Fragments(t *testing.T) {
	for name, c := range map[string]struct{ first, rest string }{
		"of nothing": {"", ""}, "of 1 byte": {"a", "a"},
	} {
		t.Run(name, func(t *testing.T) {
			everywhere(t, settings{}, func(t *testing.T, conn *ws.Conn, p *peer) {
				first, rest := p.frames(text, c.first), p.frames(continuation, c.rest)
				whole := slices.Concat(first, bytes.Repeat(rest, maxFragments-2), p.frames(fin|continuation, c.rest))
				tooMany := slices.Concat(first, bytes.Repeat(rest, maxFragments))
				var got [][]byte
				used := allocated(func() { got = p.wantFailure(conn, 1008, whole, tooMany) })
				want := c.first + strings.Repeat(c.rest, maxFragments-1)
				if len(got) != 1 || string(got[0]) != want {
					t.Errorf("%d messages were delivered before, want one of %d bytes", len(got), len(want))
				}
				wantMemory(t, "allocated", used, 8*len(want)+512<<10)
			})
		})
	}
}

// TestRow04FragmentsCompressed does so with compression.
func TestRow04FragmentsCompressed(t *testing.T) {
	for _, d := range sides {
		t.Run(d.name, func(t *testing.T) {
			leavesNothing(t)
			c, p := d.pair(t, tcp, deflated(d.client, 0))
			sent := slices.Concat(p.frames(rsv1|text, ""), bytes.Repeat(p.frames(continuation, ""), maxFragments))
			used := allocated(func() { p.wantFailure(c, 1008, sent) })
			wantMemory(t, "allocated", used, 256<<10)
		})
	}
}

// TestRow04Octets sends everything one byte per TCP segment: it arrives all the
// same, and memory does not follow the number of segments.
func TestRow04Octets(t *testing.T) {
	everywhere(t, settings{}, func(t *testing.T, c *ws.Conn, p *peer) {
		p.conn.(*net.TCPConn).SetNoDelay(true)
		body := strings.Repeat("\u4e16\u754c", 100)
		sent := slices.Concat(p.fragments(text, []byte(body), 1), p.frame(fin|binaryFrame, make([]byte, 1000)), p.close(1000, "end"))
		read := reading(c)
		used := allocated(func() {
			for i := range sent {
				if err := p.send(sent[i : i+1]); err != nil {
					t.Fatal(err)
				}
			}
		})
		p.wantClose(1000)
		if !p.client {
			p.wantEnd()
		}
		p.conn.Close()
		got, err := read()
		if len(got) != 2 || string(got[0]) != body || !bytes.Equal(got[1], make([]byte, 1000)) || ws.CloseStatus(err) != 1000 {
			t.Errorf("%d messages, %v", len(got), err)
		}
		most := 256 << 10
		if raced() {
			most = 1 << 20 // pools lose buffers now and then
		}
		wantMemory(t, "allocated", used, most)
	})
}

// raced reports whether the race detector is at work.
func raced() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}
