package ws

import "github.com/twinws/ws/api"

// The contract's names, which package api declares.
type (
	// MessageType says whether a message is text or binary: see
	// [api.MessageType].
	MessageType = api.MessageType
	// StatusCode is the number in a close frame that says why a connection
	// ended: see [api.StatusCode].
	StatusCode = api.StatusCode
	// CloseError is the error of every operation on a connection that has
	// ended, with code, reason and cause: see [api.CloseError].
	CloseError = api.CloseError
	// HandshakeError says why a connection could not be opened or accepted: see
	// [api.HandshakeError].
	HandshakeError = api.HandshakeError
	// ProtocolError says which rule of RFC 6455 the peer broke: see
	// [api.ProtocolError].
	ProtocolError = api.ProtocolError
	// ArgumentError says which argument or option is invalid, and why: see
	// [api.ArgumentError].
	ArgumentError = api.ArgumentError
	// MessageTooBigError is the error of a message over the read limit: see
	// [api.MessageTooBigError].
	MessageTooBigError = api.MessageTooBigError
	// ReadBufferFullError is the error of a page that reads too slowly: see
	// [api.ReadBufferFullError].
	ReadBufferFullError = api.ReadBufferFullError
)

// The types of messages (RFC 6455 section 5.6).
const (
	MessageText   = api.MessageText   // UTF-8 text
	MessageBinary = api.MessageBinary // arbitrary bytes
)

// The status codes of RFC 6455 section 7.4.1 and IANA's registry.
const (
	StatusNormalClosure           = api.StatusNormalClosure           // 1000: the purpose is fulfilled
	StatusGoingAway               = api.StatusGoingAway               // 1001: the server shuts down, or the user left the page
	StatusProtocolError           = api.StatusProtocolError           // 1002: the peer violated RFC 6455
	StatusUnsupportedData         = api.StatusUnsupportedData         // 1003: a type of message that this side does not accept
	StatusNoStatusRcvd            = api.StatusNoStatusRcvd            // 1005, never sent: the close frame was empty
	StatusAbnormalClosure         = api.StatusAbnormalClosure         // 1006, never sent: the stream ended without a close frame
	StatusInvalidFramePayloadData = api.StatusInvalidFramePayloadData // 1007: text that is not UTF-8, or data that cannot be decompressed
	StatusPolicyViolation         = api.StatusPolicyViolation         // 1008: a rule of this side for which there is no other code
	StatusMessageTooBig           = api.StatusMessageTooBig           // 1009: a message over the read limit
	StatusMandatoryExtension      = api.StatusMandatoryExtension      // 1010: the server did not negotiate an extension
	StatusInternalError           = api.StatusInternalError           // 1011: this side failed
	StatusServiceRestart          = api.StatusServiceRestart          // 1012: the server restarts
	StatusTryAgainLater           = api.StatusTryAgainLater           // 1013: the server is overloaded
	StatusBadGateway              = api.StatusBadGateway              // 1014: a gateway got no valid answer
	StatusTLSHandshake            = api.StatusTLSHandshake            // 1015, never sent: TLS failed
)

// The errors to compare with through errors.Is.
var (
	// ErrClosed is matched by the error of every operation on a connection that
	// has ended, whoever ended it.
	ErrClosed = api.ErrClosed
	// ErrMessageTooBig is matched by the error of a Read whose message is over
	// the read limit.
	ErrMessageTooBig = api.ErrMessageTooBig
	// ErrReadBufferFull is matched by the error of a connection whose unread
	// messages exceed ReadBuffer; in a browser only.
	ErrReadBufferFull = api.ErrReadBufferFull
	// ErrUnreadMessage is returned by Read, ReadAppend and Reader while the
	// stream of an earlier Reader has not returned io.EOF.
	ErrUnreadMessage = api.ErrUnreadMessage
	// ErrKeepaliveTimeout is the Cause of the *CloseError of a connection whose
	// peer sent nothing, not even a pong, and read nothing.
	ErrKeepaliveTimeout = api.ErrKeepaliveTimeout
	// ErrWriteTimeout is the Cause of the *CloseError of a connection whose
	// peer read nothing of what was sent.
	ErrWriteTimeout = api.ErrWriteTimeout
)

// CloseStatus returns the code of the *CloseError in err's chain: the peer's,
// or StatusAbnormalClosure when the connection was lost. It is -1 when there is
// none, or when this side ended the connection before the peer's close frame
// arrived.
func CloseStatus(err error) StatusCode { return api.CloseStatus(err) }
