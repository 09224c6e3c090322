package engine

import (
	"sync/atomic"
	"time"

	"github.com/twinws/ws/frame"
)

// settings are a Config that connections share, since those of a server are
// mostly equal.
type settings struct {
	Client, NoGather, CutOffBreaks, KeepsDeadlines bool

	Version frame.Version

	Subprotocol                 string
	ReadLimit                   int64
	Idle, Timeout, WriteTimeout time.Duration
	Deflate                     Deflate
	clock                       *Clock
	keys                        *func() [4]byte // nil for randomKey
	hooks                       *hooks          // nil for none
}

// hooks are called with control frames. Functions cannot be compared:
// connections with hooks do not share settings.
type hooks struct {
	ping, pong func(payload []byte) // nil for none
}

// recent are recently used settings.
var recent struct {
	of   [8]atomic.Pointer[settings]
	next atomic.Uint32
}

// settings returns those of cfg, if possible the same for equal ones.
func (cfg *Config) settings() *settings {
	s := settings{Client: cfg.Client, NoGather: cfg.NoGather, CutOffBreaks: cfg.CutOffBreaks, KeepsDeadlines: cfg.KeepsDeadlines,
		Version: cfg.Version, Subprotocol: cfg.Subprotocol, ReadLimit: cfg.ReadLimit,
		Idle: cfg.Idle, Timeout: cfg.Timeout, WriteTimeout: cfg.WriteTimeout, clock: cfg.Clock}
	if cfg.Deflate != nil {
		s.Deflate = *cfg.Deflate
	}
	hooked := cfg.OnPing != nil || cfg.OnPong != nil
	if cfg.Keys != nil || cfg.Clock == nil || hooked {
		own := s
		if hooked {
			own.hooks = &hooks{cfg.OnPing, cfg.OnPong}
		}
		if cfg.Keys != nil {
			own.keys = new(cfg.Keys)
		}
		if cfg.Clock == nil {
			own.clock = new(Clock)
		}
		return &own
	}
	for i := range recent.of {
		if known := recent.of[i].Load(); known != nil && *known == s {
			return known
		}
	}
	shared := s
	recent.of[recent.next.Add(1)%uint32(len(recent.of))].Store(&shared)
	return &shared
}

// onPing reports a received ping.
func (s *settings) onPing(payload []byte) {
	if s.hooks != nil && s.hooks.ping != nil {
		s.hooks.ping(payload)
	}
}

// onPong reports a received pong.
func (s *settings) onPong(payload []byte) {
	if s.hooks != nil && s.hooks.pong != nil {
		s.hooks.pong(payload)
	}
}

// Keys generates a frame's masking key.
func (s *settings) Keys() [4]byte {
	if s.keys == nil {
		return randomKey()
	}
	return (*s.keys)()
}
