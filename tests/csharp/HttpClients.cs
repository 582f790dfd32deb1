// What .NET's HttpClient sends by itself: weights after a space, names of parts without quotation marks, `filename*` beside
// `filename`. Arguments: address of the REST door, access token, key of a ticket. Prints one line for each answer: what, status,
// body.

using System;
using System.IO;
using System.Net.Http;
using System.Net.Http.Headers;
using System.Text;

static class HttpClients
{
    static readonly HttpClient Client = new HttpClient(new HttpClientHandler { UseProxy = false });
    static readonly Stream Output = Console.OpenStandardOutput();
    static string api;

    static void Main(string[] arguments)
    {
        api = arguments[0];
        Client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", arguments[1]);
        Client.DefaultRequestHeaders.AcceptLanguage.Add(new StringWithQualityHeaderValue("en", 0.9));
        Client.DefaultRequestHeaders.AcceptLanguage.Add(new StringWithQualityHeaderValue("fr", 0.2));
        string ticket = "/v1/tickets/" + arguments[2], attachments = ticket + "/attachments";
        Say("get", HttpMethod.Get, ticket);
        Say("head", HttpMethod.Head, ticket);
        Say("english", HttpMethod.Get, "/v1/nothing");
        Say("comment", HttpMethod.Post, ticket + "/comments", Json("{\"body\":\"Écrit en C#\"}"));
        Say("accented", HttpMethod.Post, attachments, Upload("été.txt"));
        Say("spaced", HttpMethod.Post, attachments, Upload("un rapport.pdf"));
        var noted = Upload("a.txt");
        noted.Add(new StringContent("x"), "note");
        Say("noted", HttpMethod.Post, attachments, noted);
        EntityTagHeaderValue tag = Client.GetAsync(api + ticket).Result.Headers.ETag;
        Say("unmodified", HttpMethod.Get, ticket, null, request => request.Headers.IfNoneMatch.Add(tag));
        Say("matched", new HttpMethod("PATCH"), ticket, Json("{\"notify\":true}"), request =>
        {
            request.Headers.IfMatch.Add(new EntityTagHeaderValue("\"1\""));
            request.Headers.IfMatch.Add(tag);
        });
    }

    static StringContent Json(string text)
    {
        return new StringContent(text, Encoding.UTF8, "application/json");
    }

    static MultipartFormDataContent Upload(string name)
    {
        return new MultipartFormDataContent { { new ByteArrayContent(Encoding.ASCII.GetBytes("abc")), "file", name } };
    }

    static void Say(string what, HttpMethod method, string path, HttpContent body = null, Action<HttpRequestMessage> with = null)
    {
        var request = new HttpRequestMessage(method, api + path) { Content = body };
        if (with != null)
        {
            with(request);
        }
        var answer = Client.SendAsync(request).Result;
        string text = answer.Content == null ? "" : answer.Content.ReadAsStringAsync().Result;
        byte[] line = Encoding.UTF8.GetBytes(what + " " + (int)answer.StatusCode + " " + text + "\n");
        Output.Write(line, 0, line.Length);
        Output.Flush();
    }
}
