// What Go's net/http and mime/multipart send by themselves: gzip offered with every request, a form in chunks through a pipe.
// Arguments: address of the REST door, access token, key of a ticket. Prints one line for each answer: what, status, body.
package main

import (
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"os"
	"strings"
)

var api, token string

func main() {
	api, token = os.Args[1], os.Args[2]
	ticket := "/v1/tickets/" + os.Args[3]
	say("get", "GET", ticket, nil)
	say("head", "HEAD", ticket, nil)
	say("english", "GET", "/v1/nothing", nil, "Accept-Language", "en")
	say("comment", "POST", ticket+"/comments", strings.NewReader(`{"body":"Écrit en Go"}`), "Content-Type", "application/json")
	say("chunked", "POST", ticket+"/comments", io.MultiReader(strings.NewReader(`{"body":`), strings.NewReader(`"En morceaux"}`)),
		"Content-Type", "application/json")
	upload("upload", ticket, "l'été \"1\".txt", false)
	upload("noted", ticket, "a.txt", true)
	tag := send("GET", ticket, nil).Header.Get("ETag")
	say("unmodified", "GET", ticket, nil, "If-None-Match", tag)
	say("matched", "PATCH", ticket, strings.NewReader(`{"notify":true}`), "Content-Type", "application/json",
		"If-Match", `"1"`, "If-Match", tag)
}

func upload(what, ticket, name string, withNote bool) {
	reader, writer := io.Pipe()
	form := multipart.NewWriter(writer)
	go func() {
		if withNote {
			must(form.WriteField("note", "x"))
		}
		part, err := form.CreateFormFile("file", name)
		must(err)
		_, err = part.Write([]byte("abc"))
		must(err)
		must(form.Close())
		must(writer.Close())
	}()
	say(what, "POST", ticket+"/attachments", reader, "Content-Type", form.FormDataContentType())
}

func send(method, path string, body io.Reader, fields ...string) *http.Response {
	request, err := http.NewRequest(method, api+path, body)
	must(err)
	request.Header.Set("Authorization", "Bearer "+token)
	for at := 0; at < len(fields); at += 2 {
		request.Header.Add(fields[at], fields[at+1])
	}
	answer, err := http.DefaultClient.Do(request)
	must(err)
	return answer
}

func say(what, method, path string, body io.Reader, fields ...string) {
	answer := send(method, path, body, fields...)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	must(err)
	fmt.Println(what, answer.StatusCode, string(text))
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
