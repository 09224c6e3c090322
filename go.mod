module github.com/twinws/ws

go 1.26
