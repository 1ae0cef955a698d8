// A grpc-go server that hands every call's bytes to another server: grpc_go_front PORT BACKEND
package main

import (
	"context"
	"io"
	"log"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"google.golang.org/grpc"
)

// raw passes bytes on as they are.
type raw struct{}

func (raw) Marshal(value interface{}) ([]byte, error) { return *value.(*[]byte), nil }

func (raw) Unmarshal(data []byte, value interface{}) error {
	*value.(*[]byte) = append([]byte(nil), data...)
	return nil
}

func (raw) Name() string   { return "proto" }
func (raw) String() string { return "proto" }

// forward hands on one request, and however many answers come back.
func forward(behind *grpc.ClientConn, front grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(front)
	var request []byte
	if err := front.RecvMsg(&request); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(front.Context())
	defer cancel()
	back, err := behind.NewStream(ctx, &grpc.StreamDesc{ServerStreams: true}, method, grpc.ForceCodec(raw{}))
	if err != nil {
		return err
	}
	if err := back.SendMsg(&request); err != nil {
		return err
	}
	if err := back.CloseSend(); err != nil {
		return err
	}
	for {
		var answer []byte
		if err := back.RecvMsg(&answer); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
		if err := front.SendMsg(&answer); err != nil {
			return err
		}
	}
}

func main() {
	listener, err := net.Listen("tcp", "127.0.0.1:"+os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	behind, err := grpc.Dial(os.Args[2], grpc.WithInsecure())
	if err != nil {
		log.Fatal(err)
	}
	server := grpc.NewServer(
		grpc.CustomCodec(raw{}),
		grpc.UnknownServiceHandler(func(_ interface{}, front grpc.ServerStream) error {
			return forward(behind, front)
		}),
	)
	ended := make(chan os.Signal, 1)
	signal.Notify(ended, syscall.SIGTERM)
	go func() {
		<-ended
		time.AfterFunc(8*time.Second, server.Stop)
		server.GracefulStop() // GOAWAY to everybody; what is under way goes on
	}()
	if err := server.Serve(listener); err != nil {
		log.Fatal(err)
	}
}
