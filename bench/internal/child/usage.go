package child

import (
	"bufio"
	"bytes"
	"errors"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"syscall"
	"time"
)

// Usage is what a process has used so far, and what it holds.
type Usage struct {
	CPU     time.Duration // user and system, of all threads
	Mallocs uint64        // objects allocated
	RSS     int64         // resident bytes; filled by Settle alone
	Live    int64         // bytes of heap objects and stacks; filled by Settle alone
}

// Used reads the operating system's account of this process.
func Used() (u Usage, err error) {
	var ru syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &ru); err != nil {
		return u, err
	}
	u.CPU = time.Duration(ru.Utime.Nano() + ru.Stime.Nano())
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Mallocs = m.Mallocs
	return u, nil
}

// Settle collects garbage, gives free memory back to the system, and says what
// is held then.
func Settle() (u Usage, err error) {
	// What a sync.Pool holds is free after the second collection.
	runtime.GC()
	debug.FreeOSMemory()
	if u, err = Used(); err != nil {
		return u, err
	}
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	u.Live = int64(m.HeapAlloc + m.StackInuse)
	u.RSS, err = resident()
	return u, err
}

// resident reads Linux's exact account; the one in /proc/self/stat lags behind.
func resident() (int64, error) {
	data, err := os.ReadFile("/proc/self/smaps_rollup")
	if err != nil {
		return 0, err
	}
	for s := bufio.NewScanner(bytes.NewReader(data)); s.Scan(); {
		f := bytes.Fields(s.Bytes())
		if len(f) >= 2 && string(f[0]) == "Rss:" {
			kb, err := strconv.ParseInt(string(f[1]), 10, 64)
			return kb << 10, err
		}
	}
	return 0, errors.New("smaps_rollup does not say Rss")
}

// RaiseFiles lets this process open as many files as the system allows and
// returns how many that are.
func RaiseFiles(want uint64) (uint64, error) {
	var l syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &l); err != nil {
		return 0, err
	}
	if l.Max < want { // root may go beyond
		more := syscall.Rlimit{Cur: want, Max: want}
		if syscall.Setrlimit(syscall.RLIMIT_NOFILE, &more) == nil {
			return want, nil
		}
	}
	l.Cur = l.Max
	return l.Cur, syscall.Setrlimit(syscall.RLIMIT_NOFILE, &l)
}
