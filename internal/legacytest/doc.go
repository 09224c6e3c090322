// Package legacytest has only tests: package legacy exchanges messages with
// independent implementations of the older drafts, in both roles, and what these
// implementations taught is tested byte by byte.
//
// WS_NO_PEERS=1 skips the peers, loudly. scripts/need.sh interop installs them.
package legacytest
