// Package xconnect makes every HTTP/2 server of net/http in the program
// announce and accept extended CONNECT (RFC 8441), by which a WebSocket is
// opened over HTTP/2. Import it for that effect:
//
//	import _ "github.com/twinws/ws/xconnect"
//
// ws.Accept and ws.Handler then serve HTTP/1.1 and HTTP/2 alike;
// ws.CheckHTTP2 tells whether a server announces it.
//
// net/http supports it, but in Go 1.26 and 1.27 only if the environment
// variable GODEBUG has http2xconnect=1 as the program starts; a //go:debug line
// and a later os.Setenv have no effect. This package adds that setting before
// package net/http reads it. A setting http2xconnect=0 or =1 that is there
// already stays as it is. What is added is in the environment of child
// processes too.
//
// # What it changes
//
// It is process-wide: every server of the program announces extended CONNECT.
// A browser with an HTTP/2 connection to such a server then opens every
// WebSocket over it, whatever the path, and does not fall back to HTTP/1.1 if
// that fails. So every handler that accepts WebSockets must know these
// requests, which have the method CONNECT and neither an Upgrade field nor a
// connection to hijack: handlers of libraries that know only HTTP/1.1 answer
// them with an error. Where some cannot be replaced, do not import this
// package.
//
// Handlers that do not know about WebSockets get the requests too, if their
// pattern in an http.ServeMux has no method, such as "/". Their status 200 then
// means that the WebSocket is open: put ws.GuardConnect in front of the
// ServeMux.
package xconnect

import "os"

// init runs before net/http's: of the packages whose imports have been
// initialized, the one with the least import path is initialized first (The Go
// Programming Language Specification, Program initialization). This one imports
// only os, and its path is less than net/http's.
func init() {
	if v, changed := with(os.Getenv("GODEBUG")); changed {
		os.Setenv("GODEBUG", v)
	}
}

// setting is what net/http looks for.
const setting = "http2xconnect="

// with returns a value of GODEBUG with the setting, and whether it was without.
func with(v string) (all string, changed bool) {
	for rest := v; rest != ""; {
		one := rest
		rest = ""
		for i := range len(one) {
			if one[i] == ',' {
				one, rest = one[:i], one[i+1:]
				break
			}
		}
		if len(one) >= len(setting) && one[:len(setting)] == setting {
			return v, false
		}
	}
	if v != "" {
		v += ","
	}
	return v + setting + "1", true
}
