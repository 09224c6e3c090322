package engine

import (
	"fmt"
	"testing"
	"time"
)

// TestSettingsShared gives connections of equal options the same settings, and
// others their own.
func TestSettingsShared(t *testing.T) {
	clock := new(Clock)
	plain := func() Config {
		return Config{Subprotocol: "chat", ReadLimit: 99, Idle: time.Second, Clock: clock, Deflate: &Deflate{Level: 1}}
	}
	first := plain()
	s := first.settings()
	if again := plain(); again.settings() != s {
		t.Error("equal settings are not shared")
	}
	for i, change := range []func(c *Config){
		func(c *Config) { c.Client = true },
		func(c *Config) { c.NoGather = true },
		func(c *Config) { c.CutOffBreaks = true },
		func(c *Config) { c.KeepsDeadlines = true },
		func(c *Config) { c.Subprotocol = "" },
		func(c *Config) { c.ReadLimit++ },
		func(c *Config) { c.Idle++ },
		func(c *Config) { c.Timeout++ },
		func(c *Config) { c.WriteTimeout++ },
		func(c *Config) { c.Deflate = &Deflate{Level: 2} },
		func(c *Config) { c.Deflate = nil },
		func(c *Config) { c.Clock = new(Clock) },
		func(c *Config) { c.Clock = nil },
		func(c *Config) { c.Keys = func() [4]byte { return goldenKey } },
		func(c *Config) { c.OnPing = func([]byte) {} },
		func(c *Config) { c.OnPong = func([]byte) {} },
	} {
		other := plain()
		change(&other)
		if o := other.settings(); o == s || *o == *s {
			t.Errorf("change %d: the settings are the same", i)
		}
	}
}

// TestSettingsMany has more different settings than are remembered.
func TestSettingsMany(t *testing.T) {
	clock := new(Clock)
	for i := range 10 * len(recent.of) {
		cfg := Config{Subprotocol: fmt.Sprint(i), Clock: clock}
		if s := cfg.settings(); s.Subprotocol != cfg.Subprotocol || s.clock != clock {
			t.Errorf("%d: %+v", i, s)
		}
	}
}
