// Package opening is what happens on a network connection before frames can
// follow on it: URLs, the way to a server, through proxies and TLS, heads of
// requests and responses, and time limits that hold for every net.Conn.
package opening
