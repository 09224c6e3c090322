package contestant

import (
	"errors"
	"maps"
	"net"
	"net/http"
	"runtime"
	"slices"
	"sync"
)

// room is where connections wait for broadcasts. A nil room keeps nobody.
type room[C comparable] struct {
	mu      sync.Mutex
	members map[C]struct{} // protected by mu
}

func newRoom[C comparable](wanted bool) *room[C] {
	if !wanted {
		return nil
	}
	return &room[C]{members: map[C]struct{}{}}
}

func (r *room[C]) join(c C) {
	if r != nil {
		r.mu.Lock()
		r.members[c] = struct{}{}
		r.mu.Unlock()
	}
}

func (r *room[C]) leave(c C) {
	if r != nil {
		r.mu.Lock()
		delete(r.members, c)
		r.mu.Unlock()
	}
}

// each calls f for every member until one fails.
func (r *room[C]) each(f func(C) error) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for c := range r.members {
		if err := f(c); err != nil {
			return err
		}
	}
	return nil
}

// parts calls f for every member, a part of them on each of as many goroutines
// as run at once, until one fails.
func (r *room[C]) parts(f func(C) error) error {
	if r == nil {
		return nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	all := slices.Collect(maps.Keys(r.members))
	n := runtime.GOMAXPROCS(0)
	errs := make(chan error, n)
	for i := range n {
		go func() {
			var err error
			for _, c := range all[i*len(all)/n : (i+1)*len(all)/n] {
				if err = f(c); err != nil {
					break
				}
			}
			errs <- err
		}()
	}
	var err error
	for range n {
		err = errors.Join(err, <-errs)
	}
	return err
}

// serveTCP runs serve for every connection, each on a goroutine of its own.
func serveTCP(ln net.Listener, serve func(net.Conn)) {
	go func() {
		for {
			nc, err := ln.Accept()
			if err != nil {
				return
			}
			go serve(nc)
		}
	}()
}

// serveHTTP lets net/http receive the handshakes.
func serveHTTP(ln net.Listener, serve func(http.ResponseWriter, *http.Request)) {
	go http.Serve(ln, http.HandlerFunc(serve))
}
