// Package proxyproto tests the library behind github.com/pires/go-proxyproto,
// which reads the header of the PROXY protocol that haproxy, nginx and load
// balancers put in front of a connection.
package proxyproto
