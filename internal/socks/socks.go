// Package socks is the client's half of SOCKS 5 as values and pure functions
// (RFC 1928; RFC 1929 for user name and password). It knows no connection.
//
// Each Parse function takes the bytes received so far. For an incomplete
// message it returns ErrShort, and as n the least length that the message can
// have: whoever reads no more than that never reads what follows.
package socks

import (
	"errors"
	"net/netip"
	"strconv"
)

// The methods that a client offers (RFC 1928 section 3).
const (
	MethodNone     = 0x00 // no authentication
	MethodPassword = 0x02 // user name and password
	MethodRefused  = 0xFF // the proxy accepts none that was offered
)

// MaxString is the length in bytes of the longest name, user name and password:
// one byte holds it.
const MaxString = 255

const (
	version         = 5 // of SOCKS
	passwordVersion = 1 // of the negotiation of RFC 1929
	commandConnect  = 1
)

// The types of an address (RFC 1928 section 5).
const (
	typeIPv4 = 1
	typeName = 3
	typeIPv6 = 4
)

// ErrShort is returned for an incomplete message.
var ErrShort = errors.New("socks: the message is incomplete")

// AppendGreeting appends the offer of methods (RFC 1928 section 3): none, and
// user name and password if the client has them.
func AppendGreeting(dst []byte, password bool) []byte {
	if password {
		return append(dst, version, 2, MethodNone, MethodPassword)
	}
	return append(dst, version, 1, MethodNone)
}

// ParseMethod parses the method that the proxy selects (RFC 1928 section 3).
func ParseMethod(src []byte) (method byte, n int, err error) {
	if err := checkVersion(src, version); err != nil || len(src) < 2 {
		return 0, 2, short(err)
	}
	return src[1], 2, nil
}

// AppendPassword appends a user name and a password of at most MaxString bytes
// each (RFC 1929 section 2).
func AppendPassword(dst []byte, user, password string) []byte {
	dst = append(dst, passwordVersion, byte(len(user)))
	dst = append(append(dst, user...), byte(len(password)))
	return append(dst, password...)
}

// ParseStatus parses the answer to AppendPassword; 0 accepts (RFC 1929 section
// 2).
func ParseStatus(src []byte) (status byte, n int, err error) {
	// Some proxies send the version of SOCKS; curl and OpenSSH ignore it.
	if len(src) < 2 {
		return 0, 2, ErrShort
	}
	return src[1], 2, nil
}

// AppendConnect appends the request to connect to host, an IP address without
// zone or a name of at most MaxString bytes (RFC 1928 section 4).
func AppendConnect(dst []byte, host string, port uint16) []byte {
	dst = append(dst, version, commandConnect, 0)
	if ip, err := netip.ParseAddr(host); err != nil {
		dst = append(dst, typeName, byte(len(host)))
		dst = append(dst, host...)
	} else if ip = ip.Unmap(); ip.Is4() {
		dst = append(append(dst, typeIPv4), ip.AsSlice()...)
	} else {
		dst = append(append(dst, typeIPv6), ip.AsSlice()...)
	}
	return append(dst, byte(port>>8), byte(port))
}

// ParseReply parses the answer to AppendConnect: 0, or the code of a failure,
// which Text explains (RFC 1928 section 6). A failure is known after 2 bytes:
// some proxies send no more. The address is ignored.
func ParseReply(src []byte) (reply byte, n int, err error) {
	switch err := checkVersion(src, version); {
	case err != nil || len(src) < 2:
		return 0, 2, short(err)
	case src[1] != 0:
		return src[1], 2, nil
	case len(src) < 5:
		return 0, 5, ErrShort
	}
	n = 4 + 2
	switch src[3] {
	case typeIPv4:
		n += 4
	case typeIPv6:
		n += 16
	case typeName:
		n += 1 + int(src[4])
	default:
		return 0, 0, errors.New("the type of an address is " + strconv.Itoa(int(src[3])) + ": 1, 3 and 4 exist (RFC 1928 section 5)")
	}
	if len(src) < n {
		return 0, n, ErrShort
	}
	return 0, n, nil
}

func short(err error) error {
	if err == nil {
		err = ErrShort
	}
	return err
}

// checkVersion checks the first byte, if there is one.
func checkVersion(src []byte, want byte) error {
	switch {
	case len(src) == 0 || src[0] == want:
		return nil
	case src[0] == 'H':
		return errors.New("it speaks HTTP, not SOCKS 5: give the proxy's URL the scheme http")
	case src[0] == 0: // the version of a reply of SOCKS 4
		return errors.New("it speaks SOCKS 4, not SOCKS 5")
	}
	return errors.New("it does not speak SOCKS 5: the version is " + strconv.Itoa(int(src[0])) + " (RFC 1928)")
}

// texts are the replies of RFC 1928 section 6.
var texts = [...]string{
	"succeeded",
	"general SOCKS server failure",
	"connection not allowed by ruleset",
	"network unreachable",
	"host unreachable",
	"connection refused",
	"TTL expired",
	"command not supported",
	"address type not supported",
}

// Text returns the meaning of a reply.
func Text(reply byte) string {
	if int(reply) < len(texts) {
		return texts[reply]
	}
	return "an unassigned code"
}
