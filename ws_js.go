//go:build js && wasm

package ws

import (
	"context"
	"errors"
	"runtime"
	"strings"

	"github.com/twinws/ws/api"
	"github.com/twinws/ws/internal/browser"
	"github.com/twinws/ws/internal/jsws"
)

// dial opens a connection over the browser's WebSocket object.
func dial(ctx context.Context, url string, o DialOptions) (backend, error) {
	if len(o.Header) > 0 {
		return nil, browser.Unsupported("Header: a page cannot choose the fields of the handshake: " +
			"authenticate by a cookie, a subprotocol, or a one-time ticket in the URL")
	}
	if err := ctx.Err(); err != nil {
		return nil, browser.Abandoned(url, err)
	}
	if strings.IndexByte(url, '#') >= 0 { // browsers throw, happy-dom does not
		return nil, &api.ArgumentError{Name: "url", Problem: "has a fragment"}
	}
	s, err := jsws.New(url, o.Subprotocols)
	if err != nil {
		return nil, notConstructed(url, err)
	}
	c, err := browser.Dial(ctx, s, browser.Options{URL: url, Subprotocols: o.Subprotocols,
		ReadLimit: o.ReadLimit, ReadBuffer: o.ReadBuffer, WriteBuffer: o.WriteBuffer})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// own returns a Conn that is closed when it is garbage-collected. JavaScript
// refers to the backend, but only the program to the Conn.
//
// A finalizer suffices, since a Conn is never part of a cycle of the library;
// runtime.AddCleanup would add 25 kB to every page.
func own(b backend) *Conn {
	c := &Conn{b: b}
	runtime.SetFinalizer(c, (*Conn).CloseNow)
	return c
}

// readBuffered implements Conn.ReadBuffered.
func readBuffered(b backend) int64 { return b.(*browser.Conn).ReadBuffered() }

func dialedURL(b backend) string { return b.(*browser.Conn).URL() }

func extensions(b backend) string { return b.(*browser.Conn).Extensions() }

// responseHeader returns nil: a browser hides the header from the page.
func responseHeader(backend) map[string][]string { return nil }

// notConstructed returns the error of a WebSocket object that could not be
// constructed.
func notConstructed(url string, err error) error {
	e, thrown := err.(*jsws.Exception)
	switch {
	// The subprotocols have been checked: a SyntaxError is about the URL.
	case thrown && e.Name == "SyntaxError":
		return &api.ArgumentError{Name: "url", Problem: e.Message}
	// Other exceptions are not, such as the SecurityError for ws in a page that
	// was loaded over https.
	case thrown:
		return browser.Refused(url, "the browser refused to connect", err)
	}
	return browser.Refused(url, err.Error(), errors.ErrUnsupported)
}
