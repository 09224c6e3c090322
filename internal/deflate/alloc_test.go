package deflate

import (
	"bytes"
	"io"
	"runtime/debug"
	"slices"
	"testing"
)

// raceEnabled reports whether the race detector is on, under which a sync.Pool
// forgets at random.
func raceEnabled() bool {
	info, ok := debug.ReadBuildInfo()
	return ok && slices.Contains(info.Settings, debug.BuildSetting{Key: "-race", Value: "true"})
}

// Once the pools are warm nothing is allocated.
func TestAllocs(t *testing.T) {
	most, runs := 0.0, 200
	if raceEnabled() {
		most, runs = 40, 20 // writers are allocated again now and then
	}
	buf := make([]byte, 64<<10)
	for _, n := range []int{0, 60, 127, 128, 512, 8192, 40000} {
		for _, bits := range []int{8, 13, 15} {
			for _, takeover := range []bool{false, true} {
				msg := jsonData(n, 1)
				c, d := NewCompressor(1, bits, takeover), NewDecompressor(bits, takeover)
				payload := bytes.NewReader(nil)
				trip := func() {
					p := c.Append(buf[:0], msg)
					c.Sent(msg)
					payload.Reset(p)
					m := d.Open(payload)
					for {
						if _, err := m.Read(buf[len(buf)/2:]); err == io.EOF {
							break
						} else if err != nil {
							t.Fatal(err)
						}
					}
					m.Received()
					m.Close()
				}
				trip()
				if a := testing.AllocsPerRun(runs, trip); a > most {
					t.Errorf("%d bytes, %d bits, takeover %t: %v allocations", n, bits, takeover, a)
				}
			}
		}
	}
}
