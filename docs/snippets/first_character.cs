// Connect, make a clip, drive a live character, change what it feels.
using System;
using System.Net.Http;
using System.Threading.Tasks;
using EmoMotion;
using EmoMotion.Wire;

internal static class FirstCharacter
{
    private static async Task Main(string[] arguments)
    {
        // In Unity a connection makes the client: connection.Client.
        var options = new ChannelOptions { Address = arguments[0] };
        using var client = new EmoMotionClient(new SocketsHttpHandler(), options);
        Console.WriteLine($"bundle {(await client.GetInfoAsync()).Bundle.Name}");

        var request = new GenerateRequest
        {
            Text = "a person waves the right hand", Affect = Affect.Of(Emotion.Joy), Seconds = 2, Seed = 7,
        };
        var clip = await client.GenerateAsync(request);
        var last = clip.Root[clip.Frames - 1];
        Console.WriteLine($"clip of {clip.Frames} frames ends at {last.X:F3} {last.Y:F3} {last.Z:F3}");

        var wish = new DriveChange { Text = "a person walks forward", Affect = Affect.Of(Emotion.Joy) };
        using var live = client.Drive(wish, new LiveOptions { Seed = 7 });
        var pose = new BodyPose();
        var changed = false;
        for (double now = LiveStream.Now, before = now; live.State != StreamState.Ended; before = now)
        {
            await Task.Delay(16);  // a game does this once a frame, and poses its character
            now = LiveStream.Now;
            if (live.State == StreamState.Failed) throw live.Error;
            if (!live.Sample(now, now - before, pose)) continue;
            if (live.Frames >= 20 && !changed)
            {
                live.Change(new DriveChange { Affect = Affect.Of(Emotion.Anger) });
                changed = true;
            }
            if (pose.Strongest == Emotion.Anger) live.End();
        }
        Console.WriteLine($"felt joy, then {EmotionNames.Name(pose.Strongest)}");
    }
}
