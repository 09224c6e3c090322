// Module cmd/ws is the command ws. It is a module of its own, since it needs
// what a program that imports the library must never see in its go.sum.
//
// To release it: tag the root module, require that version here, remove the
// replace, without which go install works, and tag cmd/ws/vX.Y.Z.
module github.com/twinws/ws/cmd/ws

go 1.26.0

replace (
	github.com/twinws/ws => ../..
	github.com/twinws/ws/h2 => ../../h2
	github.com/twinws/ws/h3 => ../../h3
)

require (
	github.com/HdrHistogram/hdrhistogram-go v1.4.0
	github.com/creack/pty v1.1.24
	github.com/quic-go/quic-go v0.65.0
	github.com/spf13/cobra v1.10.2
	github.com/spf13/pflag v1.0.9
	github.com/twinws/ws v0.0.0
	github.com/twinws/ws/h2 v0.0.0
	github.com/twinws/ws/h3 v0.0.0
	golang.org/x/term v0.48.0
	gonum.org/v1/plot v0.17.0
)

require (
	codeberg.org/go-fonts/liberation v0.5.0 // indirect
	codeberg.org/go-latex/latex v0.2.0 // indirect
	codeberg.org/go-pdf/fpdf v0.11.1 // indirect
	git.sr.ht/~sbinet/gg v0.7.0 // indirect
	github.com/ajstarks/svgo v0.0.0-20211024235047-1546f124cd8b // indirect
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/hack-pad/safejs v0.1.0 // indirect
	github.com/inconshreveable/mousetrap v1.1.0 // indirect
	github.com/klauspost/compress v1.20.3 // indirect
	github.com/quic-go/qpack v0.6.0 // indirect
	golang.org/x/crypto v0.58.0 // indirect
	golang.org/x/image v0.30.0 // indirect
	golang.org/x/net v0.62.0 // indirect
	golang.org/x/sys v0.50.0 // indirect
	golang.org/x/text v0.43.0 // indirect
	nhooyr.io/websocket v1.8.17 // indirect
)
