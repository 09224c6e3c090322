package frame

import (
	"strconv"
	"unicode/utf8"

	"github.com/twinws/ws/api"
)

// Version is a version of the protocol as far as open connections are
// concerned: RFC 6455, or a draft that browsers shipped before it. The headers
// of Hybi07 and Hybi10 are those of RFC 6455 (section 4.2 of both); what
// differs is which close codes there are. The frames of Hixie75 and Hixie76 are
// others, without fragments, binary data, pings and close codes; they are
// translated to those of RFC 6455.
type Version uint8

// The versions. The zero value is RFC 6455.
const (
	RFC6455 Version = iota
	Hixie75         // draft-hixie-thewebsocketprotocol-75
	Hixie76         // draft-hixie-thewebsocketprotocol-76, and hybi-00
	Hybi07          // draft-ietf-hybi-thewebsocketprotocol-07, version 7
	Hybi10          // draft-ietf-hybi-thewebsocketprotocol-10, version 8
)

// String returns the name in use: "hybi-07".
func (v Version) String() string {
	switch v {
	case RFC6455:
		return "RFC 6455"
	case Hixie75:
		return "hixie-75"
	case Hixie76:
		return "hixie-76"
	case Hybi07:
		return "hybi-07"
	case Hybi10:
		return "hybi-10"
	}
	return "Version(" + strconv.Itoa(int(v)) + ")"
}

// Fragments reports whether a message may be sent in several frames.
func (v Version) Fragments() bool { return v != Hixie75 && v != Hixie76 }

// CloseFrames reports whether there are close frames. Where there are none,
// closing is ending the stream (hixie-75 section 6).
func (v Version) CloseFrames() bool { return v != Hixie75 }

// statusTooLarge is the code of the drafts for a message or frame over the
// receiver's limit. In RFC 6455 it is reserved.
const statusTooLarge api.StatusCode = 1004

// Sendable reports whether a program may send code in a close frame: for RFC
// 6455 see [api.StatusCode.Sendable]. Section 7.4.1 of hybi-07 defines 1000 to
// 1003 and, for this library itself to send, 1004; that of hybi-10 adds 1007
// (1005 and 1006 are never sent). Codes from 3000 to 4999 are the program's in
// all of them (section 7.4.2). The hixie drafts have no codes.
func (v Version) Sendable(code api.StatusCode) bool {
	switch {
	case v == RFC6455:
		return code.Sendable()
	case !v.Fragments():
		return false
	case v == Hybi10 && code == api.StatusInvalidFramePayloadData:
		return true
	}
	return code >= 1000 && code <= 1003 || code >= 3000 && code <= 4999
}

// Signal returns the code to send for one of RFC 6455, which says most nearly
// the same: 1004 for a message over the limit, 1001 for a server that fails or
// restarts, 1002 for what else the version has no code for. It returns
// StatusNoStatusRcvd, an empty close frame, in a version without codes.
func (v Version) Signal(code api.StatusCode) api.StatusCode {
	switch {
	case v == RFC6455 || code == api.StatusNoStatusRcvd || v.Sendable(code):
		return code
	case !v.Fragments():
		return api.StatusNoStatusRcvd
	case code == api.StatusMessageTooBig:
		return statusTooLarge
	case code >= api.StatusInternalError && code <= api.StatusBadGateway:
		return api.StatusGoingAway
	}
	return api.StatusProtocolError
}

// ParseClose is the function [ParseClose] in version v. In a draft it accepts
// the draft's codes and those of RFC 6455: the peers that still speak a draft
// share their code with later versions.
func (v Version) ParseClose(p []byte) (code api.StatusCode, reason string, err *api.ProtocolError) {
	if v == RFC6455 || len(p) < 2 || api.StatusCode(p[0])<<8|api.StatusCode(p[1]) != statusTooLarge {
		return ParseClose(p)
	}
	if !utf8.Valid(p[2:]) {
		return 0, "", badReason
	}
	return statusTooLarge, string(p[2:]), nil
}

// Violation returns the error of a connection of version v whose peer violated
// a rule of RFC 6455: err itself, or one that names the draft and has the code
// that is sent.
func (v Version) Violation(err *api.ProtocolError) *api.ProtocolError {
	if v == RFC6455 {
		return err
	}
	return &api.ProtocolError{Code: v.Signal(err.Code), Rule: v.String() + ": " + err.Rule}
}
