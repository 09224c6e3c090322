//go:build js && wasm

package ws

import (
	"context"
	"errors"
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
		return nil, err
	}
	s, err := jsws.New(url, o.Subprotocols)
	if err != nil {
		return nil, notConstructed(url, err)
	}
	c, err := browser.Dial(ctx, socket{s}, browser.Options{URL: url, ReadLimit: o.ReadLimit})
	if err != nil {
		return nil, err
	}
	return c, nil
}

// notConstructed says why there is no WebSocket object.
func notConstructed(url string, err error) error {
	if err == jsws.ErrNoWebSocket {
		return &api.HandshakeError{URL: browser.Redact(url), Cause: errors.ErrUnsupported,
			Problem: err.Error() + ": use a browser, a Worker, or Node.js 22 or later"}
	}
	e, ok := errors.AsType[*jsws.Exception](err)
	switch {
	case !ok:
		return &api.HandshakeError{URL: browser.Redact(url), Problem: "the WebSocket object could not be set up", Cause: err}
	case e.Name == "SecurityError": // ws from a page that was loaded over https
		return &api.HandshakeError{URL: browser.Redact(url), Problem: e.Message}
	case strings.Contains(e.Message, "subprotocol"), strings.Contains(e.Message, "Sec-WebSocket-Protocol"):
		return &api.ArgumentError{Name: "Subprotocols", Problem: e.Message}
	}
	return &api.ArgumentError{Name: "url", Problem: e.Message}
}

// socket joins jsws to browser, which do not know each other.
type socket struct{ *jsws.Socket }

func (s socket) State() browser.State { return browser.State(s.Socket.State()) }

func (s socket) CloseWith(code api.StatusCode, reason string) error {
	return s.Socket.CloseWith(int(code), reason)
}

func (s socket) Next() (browser.Event, bool) {
	e, ok := s.Socket.Next()
	switch {
	case !ok:
		return browser.Event{}, false
	case e.Message != nil:
		return browser.Event{Kind: browser.Received, Message: e.Message}, true
	case e.Type == "open":
		return browser.Event{Kind: browser.Opened}, true
	case e.Type == "close":
		return browser.Event{Kind: browser.Ended,
			Code: api.StatusCode(e.Code), Reason: e.Reason, Clean: e.WasClean}, true
	}
	return browser.Event{Kind: browser.Failed}, true
}
