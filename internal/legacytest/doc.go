// Package legacytest has only tests: package legacy exchanges messages with
// independent implementations of the older drafts, in both roles, and what they
// taught is tested byte by byte. TestPeers prints, with -v, the table of draft,
// peer and version, role, messages and result.
//
// WS_NO_PEERS=1 skips the peers, and says so. scripts/need.sh interop installs
// them: Debian's packages of Ruby and Perl, and the versions of npm's packages
// that testdata/node/package-lock.json names.
//
// Of the peers that one might expect, these are of no use: npm's ws 0.4.32 and
// 1.1.5 and node-websocket-server 1.1.4 answer hixie-76's challenge wrongly
// since Node.js 6 (MD5 over UTF-8), and Mojolicious 9.31 has RFC 6455 alone.
package legacytest
