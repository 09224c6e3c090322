package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"time"
)

// tlsConfig is that of the flags, nil without TLS.
func (s *serving) tlsConfig(addr net.Addr) (*tls.Config, error) {
	switch {
	case s.certificate != "":
		pair, err := keyPair(s.certificate, s.key)
		return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, err
	case s.key != "":
		return nil, fail(exitUsage, "--key: it needs the certificate too: add --cert")
	case !s.secure && s.writeCert == "":
		return nil, nil
	case !s.secure:
		return nil, fail(exitUsage, "--write-cert: there is no certificate: add --tls")
	}
	pair, err := selfSigned(addr, s.now())
	if err != nil {
		return nil, fmt.Errorf("serve: a self-signed certificate: %w", err)
	}
	s.print("self-signed certificate, SHA-256 %X", sha256.Sum256(pair.Certificate[0]))
	if s.writeCert != "" {
		data := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: pair.Certificate[0]})
		if err := os.WriteFile(s.writeCert, data, 0o644); err != nil {
			return nil, fmt.Errorf("--write-cert: %w", err)
		}
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, NextProtos: []string{"http/1.1"}}, nil
}

// selfSignedFor is how long a self-signed certificate is valid.
const selfSignedFor = 30 * 24 * time.Hour

// selfSigned makes a certificate for this machine's names, and for addr.
func selfSigned(addr net.Addr, now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return tls.Certificate{}, err
	}
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "ws serve"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(selfSignedFor),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		BasicConstraintsValid: true,
		DNSNames:              []string{"localhost"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if name, err := os.Hostname(); err == nil {
		template.DNSNames = append(template.DNSNames, name)
	}
	if t, ok := addr.(*net.TCPAddr); ok && !t.IP.IsUnspecified() && !t.IP.IsLoopback() {
		template.IPAddresses = append(template.IPAddresses, t.IP)
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, err
}
