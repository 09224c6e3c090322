// Package interop has only tests: they exchange messages with WebSocket
// implementations that share no code with this one (nhooyr.io/websocket, Node's
// ws, Python's websockets), in both roles, with and without compression, and
// compare random messages byte for byte.
//
// WS_INTEROP_SEED=n repeats a run whose seed was printed; WS_NO_PEERS=1 skips
// the peers that are not written in Go.
package interop
