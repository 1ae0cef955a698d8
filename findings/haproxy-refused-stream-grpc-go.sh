#!/usr/bin/env bash
# HAProxy in HTTP mode tells a client "refused" of calls that the server has had, and grpc-go then sends them again.
#
# Versions: HAProxy 2.6.12, Go 1.19.8, grpc-go 1.33.3 (golang-google-grpc-dev); all of Debian 12.
# What is done: forty ordinary calls in turn go through HAProxy (HTTP/2 on both sides, as in Solo's chart) to a server
#   that writes down the number of every call it gets. The server is restarted now and then while it works on a call,
#   as servers are, and listens again at once. Then the same without HAProxy.
# What happens: where the server goes away before it has answered, HAProxy resets the client's stream with
#   REFUSED_STREAM. RFC 9113 (section 8.7) gives that code to streams that were closed before any processing took place,
#   so grpc-go repeats the call by itself, whatever its method does ("transparent retry"), and the caller is told of one
#   call that went well. Without HAProxy the caller is told UNAVAILABLE, and nothing is sent twice.
# Output seen:
#   through HAProxy: 40 calls, 40 answered, 8 received twice
#   without HAProxy: 40 calls, 32 answered, 0 received twice
# Ends with 1 if that has changed.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"

cat >run.go <<'END'
package main

import (
	"context"
	"fmt"
	"io/ioutil"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc"
)

const calls, server, proxy = 40, "127.0.0.1:21702", "127.0.0.1:21703"

type raw struct{}

func (raw) Marshal(value interface{}) ([]byte, error) { return *value.(*[]byte), nil }
func (raw) Unmarshal(data []byte, value interface{}) error {
	*value.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string   { return "proto" }
func (raw) String() string { return "proto" }

func received(log string) map[string]int {
	times := map[string]int{}
	data, _ := ioutil.ReadFile(log)
	for _, number := range strings.Fields(string(data)) {
		times[number]++
	}
	return times
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}

// serve takes calls, and ends while it works on every fifth of them, the first time.
func serve(log string) {
	listener, err := net.Listen("tcp", server)
	must(err)
	count := func(_ interface{}, stream grpc.ServerStream) error {
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		before := received(log)[string(request)]
		file, err := os.OpenFile(log, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0600)
		must(err)
		fmt.Fprintln(file, string(request))
		must(file.Close())
		if number, _ := strconv.Atoi(string(request)); number%5 == 4 && before == 0 {
			os.Exit(0)
		}
		time.Sleep(20 * time.Millisecond)
		return stream.SendMsg(&request)
	}
	must(grpc.NewServer(grpc.CustomCodec(raw{}), grpc.UnknownServiceHandler(count)).Serve(listener))
}

func awaitServer() {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(20 * time.Millisecond) {
		if table, _ := ioutil.ReadFile("/proc/net/tcp"); strings.Contains(string(table), "0100007F:54C6 00000000:0000 0A") {
			return
		}
	}
	panic("the server does not listen")
}

func run(name, address string) int {
	log := name + ".log"
	stop, stopped := make(chan bool), make(chan bool)
	go func() { // starts it again when it has ended
		defer close(stopped)
		for {
			process := exec.Command(os.Args[0], "serve", log)
			process.Stderr = os.Stderr
			must(process.Start())
			ended := make(chan error)
			go func() { ended <- process.Wait() }()
			select {
			case err := <-ended:
				must(err)
			case <-stop:
				must(process.Process.Kill())
				<-ended
				return
			}
		}
	}()
	awaitServer()
	connection, err := grpc.Dial(address, grpc.WithInsecure(), grpc.WithBlock())
	must(err)
	answered := 0
	for number := 0; number < calls; number++ {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		request, answer := []byte(strconv.Itoa(number)), []byte{}
		if connection.Invoke(ctx, "/test.Count/count", &request, &answer, grpc.ForceCodec(raw{})) == nil {
			answered++
		}
		cancel()
		if number%5 == 4 {
			time.Sleep(200 * time.Millisecond)
			awaitServer()
			time.Sleep(1500 * time.Millisecond) // a client waits about a second before it connects again
		}
	}
	must(connection.Close())
	close(stop)
	<-stopped
	twice := 0
	for _, times := range received(log) {
		if times > 1 {
			twice++
		}
	}
	fmt.Printf("%s HAProxy: %d calls, %d answered, %d received twice\n", name, calls, answered, twice)
	return twice
}

func main() {
	if len(os.Args) > 1 {
		serve(os.Args[2])
		return
	}
	haproxy := exec.Command(os.Getenv("HAPROXY"), "-db", "-f", "haproxy.cfg")
	must(haproxy.Start())
	through, without := func() (int, int) {
		defer haproxy.Process.Kill()
		return run("through", proxy), run("without", server)
	}()
	if through == 0 || without != 0 {
		os.Exit(1)
	}
}
END
cat >haproxy.cfg <<'END'
defaults
    mode http
    timeout connect 5s
    timeout client 30s
    timeout server 30s
    retries 10
frontend front
    bind 127.0.0.1:21703 proto h2
    default_backend back
backend back
    http-reuse safe
    server node 127.0.0.1:21702 proto h2
END
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS='' go build -o run run.go
HAPROXY=$(PATH="$PATH:/usr/sbin" command -v haproxy) ./run
