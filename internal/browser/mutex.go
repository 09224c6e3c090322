package browser

import (
	"sync"
	"time"
)

// mutex is a sync.Mutex whose methods are not inlined, and after is
// time.AfterFunc, also not inlined: inlined calls would make pages larger.
type mutex struct{ m sync.Mutex }

//go:noinline
func (m *mutex) Lock() { m.m.Lock() }

//go:noinline
func (m *mutex) Unlock() { m.m.Unlock() }

func (m *mutex) TryLock() bool { return m.m.TryLock() }

//go:noinline
func after(d time.Duration, f func()) *time.Timer { return time.AfterFunc(d, f) }
