package main

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
)

// trustVariable is the environment's variable that names a PEM file with the
// certificate of a server on 127.0.0.1, which no authority has signed.
const trustVariable = "WS_TRUST"

// trusted returns the certificate, nil for none.
func trusted() (*x509.Certificate, error) {
	path := os.Getenv(trustVariable)
	if path == "" {
		return nil, nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New(path + " has no certificate in PEM")
	}
	return x509.ParseCertificate(block.Bytes)
}

// trustInChromium returns the arguments by which Chromium accepts the
// certificate, for any host.
func trustInChromium() ([]string, error) {
	cert, err := trusted()
	if cert == nil || err != nil {
		return nil, err
	}
	sum := sha256.Sum256(cert.RawSubjectPublicKeyInfo)
	return []string{"--ignore-certificate-errors-spki-list=" + base64.StdEncoding.EncodeToString(sum[:])}, nil
}

// trustInFirefox writes the exceptions of a profile, as if its user had made
// them: for the hosts of the page and of WS_URL.
func trustInFirefox(folder, page string) error {
	cert, err := trusted()
	if cert == nil || err != nil {
		return err
	}
	sum := sha256.Sum256(cert.Raw)
	var hex []string
	for _, b := range sum {
		hex = append(hex, fmt.Sprintf("%02X", b))
	}
	lines := "# PSM Certificate Override Settings file\n# This is a generated file!  Do not edit.\n"
	for _, address := range []string{page, os.Getenv("WS_URL")} {
		if u, err := url.Parse(address); err == nil && u.Host != "" {
			host, port, err := net.SplitHostPort(u.Host)
			if err != nil {
				host, port = u.Host, "443"
			}
			lines += host + ":" + port + ":\tOID.2.16.840.1.101.3.4.2.1\t" + strings.Join(hex, ":") + "\t\n"
		}
	}
	return os.WriteFile(filepath.Join(folder, "cert_override.txt"), []byte(lines), 0o600)
}
