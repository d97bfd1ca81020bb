// Messages passed on with gorilla/websocket: a slice of connections and a loop of WriteMessage.
package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"sync"

	"github.com/gorilla/websocket"
)

var (
	mu       sync.Mutex
	clients  []*websocket.Conn
	upgrader = websocket.Upgrader{}
)

func publish(conn *websocket.Conn) {
	for {
		_, text, err := conn.ReadMessage()
		if err != nil {
			return
		}
		var message struct {
			Data string `json:"data"`
		}
		if json.Unmarshal(text, &message) != nil {
			continue
		}
		data := []byte(message.Data)
		// Also what keeps two goroutines from writing to one connection.
		mu.Lock()
		for _, client := range clients {
			// A client that is gone is removed by the goroutine that reads from it.
			_ = client.WriteMessage(websocket.TextMessage, data)
		}
		mu.Unlock()
	}
}

func subscribe(conn *websocket.Conn) {
	mu.Lock()
	clients = append(clients, conn)
	mu.Unlock()
	for {
		if _, _, err := conn.ReadMessage(); err != nil {
			break
		}
	}
	mu.Lock()
	defer mu.Unlock()
	for n, client := range clients {
		if client == conn {
			clients = append(clients[:n], clients[n+1:]...)
			break
		}
	}
}

func main() {
	serve := func(handle func(*websocket.Conn)) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			conn, err := upgrader.Upgrade(w, r, nil)
			if err != nil {
				return
			}
			defer conn.Close()
			handle(conn)
		}
	}
	http.HandleFunc("/publish", serve(publish))
	http.HandleFunc("/", serve(subscribe))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	fmt.Println(listener.Addr().(*net.TCPAddr).Port)
	panic(http.Serve(listener, nil))
}
