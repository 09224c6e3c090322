//go:build !js

package main

import (
	"crypto/rand"
	"sync"
	"time"
)

// ticketTime is how long a ticket is valid.
const ticketTime = 30 * time.Second

// tickets are passwords for one handshake each. A ticket in a URL may end up in
// the log of a proxy, where it is worthless.
type tickets struct {
	mu   sync.Mutex
	open map[string]ticket // protected by mu
}

type ticket struct {
	user    string
	expires time.Time
}

// issue returns a new ticket for an authenticated user.
func (t *tickets) issue(user string) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for id, old := range t.open {
		if now.After(old.expires) {
			delete(t.open, id)
		}
	}
	if t.open == nil {
		t.open = map[string]ticket{}
	}
	id := rand.Text() // 130 bits
	t.open[id] = ticket{user, now.Add(ticketTime)}
	return id
}

// redeem returns the user of a ticket, once.
func (t *tickets) redeem(id string) (user string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	got, ok := t.open[id]
	delete(t.open, id)
	if !ok || time.Now().After(got.expires) {
		return "", false
	}
	return got.user, true
}
