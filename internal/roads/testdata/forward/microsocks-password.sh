exec microsocks -i 127.0.0.1 -p 1080 -u user -P secret
