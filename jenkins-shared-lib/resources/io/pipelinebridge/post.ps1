# One call to the bridge by PowerShell. In: BRIDGE_METHOD, BRIDGE_ADDRESS, BRIDGE_KEY, BRIDGE_BODY (a file), BRIDGE_SECONDS, BRIDGE_TOKEN.
# Out: the status (000 when there was none), the header Retry-After, then the body or what went wrong.
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
[Console]::OutputEncoding = New-Object System.Text.UTF8Encoding $false
[Net.ServicePointManager]::SecurityProtocol = [Net.ServicePointManager]::SecurityProtocol -bor [Net.SecurityProtocolType]::Tls12
function Tell($status, $retryAfter, $text) {
    [Console]::Out.Write("$status`n$retryAfter`n$text")
}
try {
    $request = [Net.WebRequest]::Create($env:BRIDGE_ADDRESS)
    $request.Method = $env:BRIDGE_METHOD
    $request.Timeout = 1000 * [int]$env:BRIDGE_SECONDS
    $request.ReadWriteTimeout = $request.Timeout
    $request.AllowAutoRedirect = $false
    $request.Headers.Add('Authorization', 'Bearer ' + $env:BRIDGE_TOKEN.Trim())
    if ($env:BRIDGE_METHOD -ne 'GET') {
        $request.ContentType = 'application/json; charset=utf-8'
        $request.Headers.Add('Idempotency-Key', $env:BRIDGE_KEY)
        $bytes = [IO.File]::ReadAllBytes($env:BRIDGE_BODY)
        $request.ContentLength = $bytes.Length
        $stream = $request.GetRequestStream()
        $stream.Write($bytes, 0, $bytes.Length)
        $stream.Close()
    }
    try { $response = $request.GetResponse() }
    catch [Net.WebException] {
        # A refusal is an answer too.
        $response = $_.Exception.Response
        if ($null -eq $response) { throw }
    }
    $reader = New-Object IO.StreamReader($response.GetResponseStream(), [Text.Encoding]::UTF8)
    Tell ([int]$response.StatusCode) $response.Headers['Retry-After'] $reader.ReadToEnd()
}
catch { Tell '000' '' $_.Exception.Message }
finally { Remove-Item -LiteralPath $env:BRIDGE_BODY -Force -ErrorAction SilentlyContinue }
