package main

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"

	"github.com/spf13/pflag"
)

// clientTLS are the flags of the client's side of TLS.
type clientTLS struct {
	authorities string
	certificate string
	key         string
	serverName  string
	insecure    bool
}

func (f *clientTLS) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.authorities, "cacert", "", "a PEM file with the certificates to trust, instead of the system's")
	fs.StringVar(&f.certificate, "cert", "", "a PEM file with the client's certificate")
	fs.StringVar(&f.key, "key", "", "a PEM file with the key of --cert; default: in the same file")
	fs.StringVar(&f.serverName, "server-name", "", "the name to verify and to send (SNI), if it is not the URL's host")
	fs.BoolVarP(&f.insecure, "insecure", "k", false, "do not verify the server's certificate: for tests only")
}

func (f *clientTLS) config() (*tls.Config, error) {
	c := &tls.Config{ServerName: f.serverName, InsecureSkipVerify: f.insecure}
	if f.authorities != "" {
		pem, err := os.ReadFile(f.authorities)
		if err != nil {
			return nil, fail(exitUsage, "--cacert: "+err.Error())
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fail(exitUsage, fmt.Sprintf("--cacert: %s has no certificate in PEM form (-----BEGIN CERTIFICATE-----)", f.authorities))
		}
	}
	if f.certificate == "" {
		if f.key != "" {
			return nil, fail(exitUsage, "--key: it needs the certificate too: add --cert")
		}
		return c, nil
	}
	pair, err := keyPair(f.certificate, f.key)
	if err != nil {
		return nil, err
	}
	c.Certificates = []tls.Certificate{pair}
	return c, nil
}

// keyPair loads a certificate and its key, which may be in the same file.
func keyPair(certificate, key string) (tls.Certificate, error) {
	if key == "" {
		key = certificate
	}
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		return pair, fail(exitUsage, "--cert: "+err.Error()+": both files must be in PEM form and belong together")
	}
	return pair, nil
}
